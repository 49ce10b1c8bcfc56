/** What the demo on real servers is told, the names that it goes by, and the configuration that it writes. */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { type TableNames, tableNames } from '../../examples/webook/item.js'

export interface Setting {
  readonly database: 'mariadb' | 'mysql'
  readonly directory: string
  /** The servers were started for this run: names need not be our own, and nothing need be cleaned up. */
  readonly fresh: boolean
  readonly seconds: number
}

export const readSetting = (): Setting => {
  const { values } = parseArgs({
    options: {
      database: { type: 'string', default: 'mariadb' },
      directory: { type: 'string', default: '.' },
      fresh: { type: 'boolean', default: false },
      seconds: { type: 'string', default: 'Infinity' },
    },
  })
  const database = values.database === 'mysql' ? 'mysql' : 'mariadb'
  return { database, directory: values.directory, fresh: values.fresh, seconds: Number(values.seconds) }
}

/** The address of a server that runs. */
export const server = (name: string): string => {
  const value = process.env[`RANKTIDE_TEST_${name.toUpperCase()}`]
  if (value === undefined) throw new Error(`RANKTIDE_TEST_${name.toUpperCase()} is not set: use ./scripts/demo --real`)
  return value
}

export interface Names {
  /** The table of the articles, as `database.table`. */
  readonly table: string
  /** The tables of the example application, that of the articles among them, and the address of their database. */
  readonly tables: TableNames
  readonly webookUrl: string
  /** Of the keys in Redis, of the consumer groups and of the topic of dead letters. */
  readonly prefix: string
  /** The topic of read events. */
  readonly reads: string
  /** The database of ranktide's own tables, and its address. */
  readonly own: string
  readonly databaseUrl: string
}

export const namesFor = ({ database, fresh }: Setting): Names => {
  const suffix = fresh ? '' : `_demo_${randomUUID().slice(0, 8)}`
  const own = fresh ? 'webook' : `ranktide${suffix}`
  const urlOf = (name: string): string => {
    const url = new URL(server(database))
    url.pathname = `/${name}`
    return url.href
  }
  return {
    table: `webook.${tableNames.interactives}${suffix}`,
    tables: {
      interactives: `${tableNames.interactives}${suffix}`,
      like: `${tableNames.like}${suffix}`,
      collect: `${tableNames.collect}${suffix}`,
      users: `${tableNames.users}${suffix}`,
    },
    webookUrl: urlOf('webook'),
    prefix: `ranktide${suffix}`,
    reads: `read_events${suffix}`,
    own,
    databaseUrl: urlOf(own),
  }
}

/** The topic in which Canal tells the row changes. */
export const changesTopic = ({ database }: Setting): string => `${database === 'mariadb' ? 'maria' : 'mysql'}.webook`

/** The whole configuration, as anybody would write it. */
export const configFor = (setting: Setting, names: Names): string => {
  const { table, prefix, reads, databaseUrl } = names
  const topic = changesTopic(setting)
  const columns = '[biz_id, biz, read_cnt, like_cnt]'
  return `kafka: { brokers: "${server('kafka')}", group: ${prefix}, deadLetters: ${prefix}.dead-letters }
database: { url: "${databaseUrl}" }
redis: { url: "${server('redis')}", prefix: ${prefix} }
http: { port: 0 }
boards:
  likes: { topic: ${topic}, table: ${table}, score: like_cnt, columns: ${columns} }
  reads: { topic: ${topic}, table: ${table}, score: read_cnt, columns: ${columns} }
counters:
  reads:
    topic: ${reads}
    table: ${table}
    key: [biz, biz_id]
    add: { read_cnt: 1 }
    buckets: [day]
`
}
