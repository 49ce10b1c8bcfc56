import { expect, test } from 'vitest'
import { conclude, type DoctorWords } from '../../src/operate/doctor.js'
import { type DoctorSection, fine, notAsked, warning, wrong } from '../../src/operate/doctor-finding.js'
import { programRun } from '../support/program-run.js'

const doctor = programRun('doctor')

const run = async (sections: readonly DoctorSection[], ...words: readonly string[]) => {
  const asked: DoctorWords[] = []
  const printed = await doctor(words, {
    diagnose: (_config, given, told) => {
      asked.push(given)
      for (const section of sections) told(section)
      return Promise.resolve(conclude(sections))
    },
  })
  return { ...printed, asked }
}

const well: DoctorSection = { title: 'Database', findings: [fine('database', 'MySQL 9.7.4')] }
const ill: DoctorSection = {
  title: 'Redis',
  findings: [
    warning('redis memory', 'it may drop boards', 'run: CONFIG SET maxmemory-policy noeviction'),
    wrong('board likes', 'holds a string', 'DEL it'),
    notAsked('lease t', 'Redis cannot be used'),
  ],
}

test('each section has its heading, each line its sign, and what is not well its advice', async () => {
  expect(await run([well, ill])).toMatchObject({
    code: 1,
    error: '',
    out: [
      'Database',
      '[+]database MySQL 9.7.4',
      'Redis',
      '[!]redis memory it may drop boards',
      '   → run: CONFIG SET maxmemory-policy noeviction',
      '[-]board likes holds a string',
      '   → DEL it',
      '[ ]lease t not asked: Redis cannot be used',
      '',
      'Not well: 1 wrong, 1 doubtful, of 4 (1 not asked). Begin with: board likes.',
      '',
    ].join('\n'),
  })
})

test('doubts alone are no failure', async () => {
  const doubts = { title: 'Redis', findings: ill.findings.slice(0, 1) }
  const { code, out } = await run([well, doubts])
  expect(code).toBe(0)
  expect(out).toContain('Well enough to run: 1 doubtful, of 2. Look at: redis memory.')
  expect((await run([well])).out).toContain('Well: all 1 checks.')
})

test('JSON is one object, with nothing printed before it', async () => {
  const { code, out } = await run([well, ill], '--json')
  expect(code).toBe(1)
  expect(JSON.parse(out)).toEqual({
    verdict: 'Not well: 1 wrong, 1 doubtful, of 4 (1 not asked). Begin with: board likes.',
    errors: 1,
    warnings: 1,
    sections: [well, ill],
  })
})

test('the words: a marker and 10 s unless told otherwise', async () => {
  expect((await run([well])).asked).toEqual([{ seconds: 10, marker: true }])
  expect((await run([well], '--no-marker', '--seconds', '3')).asked).toEqual([{ seconds: 3, marker: false }])
  for (const seconds of ['0', '601', 'x', '1.5']) {
    const { code, error, asked } = await run([well], '--seconds', seconds)
    expect([code, asked]).toEqual([2, []])
    expect(error).toContain('Allowed: a whole number from 1 to 600.')
  }
})
