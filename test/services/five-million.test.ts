// A table too large to be read without an index: refused at once, with the statement that mends it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command } from '../support/command.js'
import { databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'
import { stack } from '../support/stack.js'

const rows = 5_000_000

describe.each(databaseNames)('5,000,000 rows on %s', (server) => {
  let sandbox: Sandbox
  let yaml: string

  beforeAll(async () => {
    sandbox = await openSandbox(server, 'millions')
    await sandbox.run('CREATE TABLE millions (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL)')
    await fill(sandbox)
    yaml = `
kafka: { brokers: "${stack.kafka}" }
database: { url: "${sandbox.url}" }
redis: { url: "${stack.redis}", prefix: "${sandbox.database}" }
http: { port: 0 }
boards:
  numbers: { topic: maria.webook, table: millions, score: n }
`
  }, 180_000)
  afterAll(() => sandbox?.close())

  test('they are there', async () => {
    const { rows: counted } = await sandbox.query('SELECT COUNT(*) FROM millions')
    expect(Number(counted[0]?.[0])).toBe(rows)
  })

  test('without an index run refuses them, and config check too, with the statement to paste', async () => {
    const statement = `CREATE INDEX \`ranktide_numbers\` ON \`${sandbox.database}\`.\`millions\` (\`n\`)`
    const began = performance.now()
    const ran = await command(['run'], yaml)
    // Refused by the plan of the query, not by trying it.
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(ran.code).toBe(1)
    expect(ran.error).toMatch(
      /no index serves the order of the board: board numbers: each refill reads and sorts about [45]\d{6} rows/,
    )
    expect(ran.error).toContain(`run: ${statement} (or set database.refill.allowScan: true)`)
    const checked = await command(['config', 'check', '--connect'], yaml)
    expect(checked.code).toBe(1)
    expect(checked.out).toMatch(/^\[-\]INDEX_MISSING /m)
    expect(checked.out).toContain(statement)
  })
})

/** In chunks that fit into one statement's time, without the binary log: Canal has nothing to do with these rows. */
const fill = (sandbox: Sandbox): Promise<void> =>
  sandbox.pool.use(async (session) => {
    const run = (sql: string) => session.query('filling', sql)
    await run('SET SESSION sql_log_bin = 0')
    // 10 ** 6 rows a statement, from the digits: both servers know how.
    const digits = Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS d`).join(' UNION ALL ')
    await run('CREATE TABLE thousand (t INT NOT NULL PRIMARY KEY)')
    await run(`INSERT INTO thousand SELECT a.d + 10 * b.d + 100 * c.d FROM (${digits}) a, (${digits}) b, (${digits}) c`)
    for (let million = 0; million < rows / 1_000_000; million++)
      await run('INSERT INTO millions (n) SELECT a.t * b.t FROM thousand a, thousand b')
    await run('ANALYZE TABLE millions')
    await run('SET SESSION sql_log_bin = 1')
  })
