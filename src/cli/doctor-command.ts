/** `ranktide doctor`: what is asked for on the command line, and how it is printed. */
import { type Command, Option } from 'commander'
import type { DoctorWords } from '../operate/doctor.js'
import type { Diagnosis, DoctorFinding, DoctorSection } from '../operate/doctor-finding.js'
import type { Config } from '../runtime/config.js'
import { loadConfig, type Surroundings } from '../runtime/load-config.js'
import { CommandFailed } from './command-failed.js'
import { configOption } from './config-option.js'
import { wholeNumber } from './whole-number.js'

export interface DoctorActions {
  /** Never rejects for a server that cannot be used. `told` gets each section as soon as it is known. */
  diagnose(config: Config, words: DoctorWords, told: (section: DoctorSection) => void): Promise<Diagnosis>
  readonly surroundings: Surroundings
  readonly out: (text: string) => void
}

interface Words {
  readonly config: string
  readonly json: boolean
  readonly seconds: number
  readonly marker: boolean
}

const details = `
Checks every hop in the order in which an event travels: configuration, database, Canal (by the messages that it wrote),
Kafka, Redis, the workers, the counters; and says of everything that is wrong what to do. Finally a marker row is written
to the database and waited for in Kafka: the time that it takes is the latency of the feed, and where it does not come
back it is told how far it got. That row of the marker table is all that is written; --no-marker leaves it out.

Each line: [+] good, [!] doubtful, [-] wrong, [ ] not asked, since a server that it needs cannot be used. Below a
doubtful or wrong one: → what to do.

Examples:
  ranktide doctor
      all of it, for ./ranktide.yaml, with a marker that may take 10 s
  ranktide doctor --no-marker --config likes.yaml
      another file; writes nothing at all
  ranktide doctor --json --seconds 30
      one JSON object {verdict, errors, warnings, sections: [{title, findings: [{name, level, detail, advice?}]}]},
      level: ok, warning, error or not-asked; Canal gets 30 s
  kubectl exec deploy/ranktide -- ranktide doctor --config /etc/ranktide/ranktide.yaml
      from where the workers run, with their variables

Exit codes: 0 nothing is wrong (there may be doubts), 1 something is, 2 usage or configuration.`

export const addDoctor = (program: Command, actions: DoctorActions): void => {
  program
    .command('doctor')
    .description('check every hop from the database to the boards, and say what to do')
    .addOption(configOption())
    .option('--json', 'print one JSON object', false)
    .addOption(
      new Option('--seconds <n>', 'how long a marker may take to come back').argParser(wholeNumber(1, 600)).default(10),
    )
    .option('--no-marker', 'write no marker row: read only')
    .addHelpText('after', details)
    .action(async ({ config: file, json, seconds, marker }: Words) => {
      const config = await loadConfig(file, actions.surroundings)
      const told = json ? () => {} : (section: DoctorSection) => actions.out(sectionText(section))
      const { sections, errors, warnings, verdict } = await actions.diagnose(config, { seconds, marker }, told)
      const object = { verdict, errors, warnings, sections }
      actions.out(json ? `${JSON.stringify(object, null, 2)}\n` : `\n${verdict}\n`)
      if (errors > 0) throw new CommandFailed()
    })
}

const signs = { ok: '+', warning: '!', error: '-', 'not-asked': ' ' } as const

const sectionText = ({ title, findings }: DoctorSection): string => `${title}\n${findings.map(lineText).join('')}`

const lineText = (finding: DoctorFinding): string => {
  const line = `[${signs[finding.level]}]${finding.name} ${finding.detail}\n`
  return 'advice' in finding ? `${line}   → ${finding.advice}\n` : line
}
