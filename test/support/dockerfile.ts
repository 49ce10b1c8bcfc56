/** A Dockerfile as stages of instructions: comments gone, continued lines joined. Knows no heredocs and no ARG. */
export interface Instruction {
  /** In capitals. */
  readonly name: string
  readonly text: string
}

export interface Stage {
  readonly base: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

const instructionsOf = (text: string): readonly Instruction[] =>
  text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => {
      const [, name = '', rest = ''] = /^\s*(\S+)\s+(.*)$/.exec(line) ?? []
      return { name: name.toUpperCase(), text: rest.trim().replace(/\s+/g, ' ') }
    })

export const readDockerfile = (text: string): readonly Stage[] => {
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = []
  for (const instruction of instructionsOf(text)) {
    if (instruction.name === 'FROM') {
      const [base = '', , name] = instruction.text.split(' ')
      stages.push({ base, name, instructions: [] })
    } else {
      const stage = stages.at(-1)
      if (stage === undefined) throw new Error(`${instruction.name} stands before the first FROM`)
      stage.instructions.push(instruction)
    }
  }
  return stages
}
