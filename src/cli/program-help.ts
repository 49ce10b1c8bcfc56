/**
 * What `--help` says below the options, of the program itself, `run` and `config`; other commands have theirs beside them.
 * All are alike (test/cli/help.test.ts): what it does, Examples with what each does, files and environment where they
 * matter, Exit codes.
 */

export const programHelp = `
Examples:
  ranktide init mysql://app:secret@localhost:3306/shop > ranktide.yaml
      a configuration to begin with, made by looking at a database
  ranktide doctor
      whether everything from the database to the boards is as it has to be, and what to do
  ranktide run
      keep the boards and serve them
  ranktide status --watch
      how they stand
  ranktide demo --seconds 30
      all of it in one process, with nothing installed

"ranktide COMMAND --help" or "ranktide help COMMAND" has more of them.
Exit codes: 0 ok, 1 failed, 2 usage or configuration.`

export const runHelp = `
Reads the topics of the configuration, keeps its boards in Redis and serves them by HTTP; counts events into tables. Several
replicas may run: one of them owns a feed, the others serve it and take over. A server that is away is waited for, with one
line an attempt in the log, which goes to standard output, a line of JSON an event.

Examples:
  ranktide run
      all that ./ranktide.yaml asks for, until SIGTERM or Ctrl-C
  LOG_LEVEL=debug ranktide run --config likes.yaml
      another file, and more to read
  ranktide run --only counters
      the counters and the history of a file that has boards, too
  curl -i 'http://127.0.0.1:8081/boards/likes?limit=3'
      what it serves; /readyz?verbose and /metrics tell how it is

Environment: \${NAME} and \${NAME:-default} in the file are replaced by variables. LOG_LEVEL says how much is logged: trace,
debug, info (unless set), warn, error, fatal, silent. A replica is named by the machine, unless the file has an "instance".
Files: the configuration is read; none is written.
Exit codes: 0 stopped by SIGTERM or SIGINT, with all that was read published; 1 failed; 2 usage or configuration.`

export const configHelp = `
Examples:
  ranktide config check --connect
      what is wrong with ./ranktide.yaml and with the servers that it names
  ranktide config schema > ranktide.schema.json
      the JSON Schema, for editors

Exit codes: 0 ok, 1 a server is not as it has to be, 2 usage or configuration.`

export const checkHelp = `
Reads the file as "run" does and tells everything that is wrong with it, each in a line with the file, the line, what is
there and what is allowed; or, where nothing is, a line a board and counter. With --connect it also asks every server what
a start would meet. "ranktide doctor" asks more, and says what to do.

Examples:
  ranktide config check
      what is wrong with ./ranktide.yaml, all at once; asks no server
  ranktide config check --connect --config likes.yaml
      also one line a server, topic, table and index: [+] good, [!] a warning, [-] keeps it from starting

Environment: \${NAME} and \${NAME:-default} in the file are replaced by variables, as in "run".
Exit codes: 0 nothing is wrong (there may be warnings), 1 something is with a server, 2 usage or configuration.`

export const schemaHelp = `
Prints the JSON Schema of ranktide.yaml: every key, what is allowed, and the defaults. Editors that know it complete keys
and mark what is wrong while it is written. Nothing is read.

Examples:
  ranktide config schema > ranktide.schema.json
      and as the first line of ranktide.yaml:  # yaml-language-server: $schema=ranktide.schema.json

Exit codes: 0 printed, 2 usage.`
