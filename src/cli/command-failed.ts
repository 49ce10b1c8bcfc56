/** A command that has told what is wrong: what is left is exit code 1. */
export class CommandFailed extends Error {}
