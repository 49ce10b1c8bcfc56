/** Three boards on one table, for commands that look at them: a filter, an expression, and one a value of `biz`. */
import { randomUUID } from 'node:crypto'
import { createPool, type Pool } from 'mysql2/promise'
import type { Config } from '../../src/runtime/config.js'
import { parseConfig } from '../../src/runtime/load-config.js'
import { RedisServer } from './redis-server.js'
import { canalTopic, databaseUrl, stack } from './stack.js'

export interface OtherServers {
  readonly kafka?: string
  readonly database?: string
  readonly redis?: string
}

/** A configuration from its text. */
export const configOf = (yaml: string): Config => {
  const result = parseConfig(yaml, 'ranktide.yaml', { environment: {}, hostname: 'elsewhere' })
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems))
  return result.config
}

export class InspectedBoards {
  readonly table = `x_${randomUUID().slice(0, 8)}`
  readonly prefix = this.table
  readonly topic = canalTopic('mysql', 'webook')
  readonly redis: RedisServer
  readonly #connection: Pool

  private constructor(redis: RedisServer, connection: Pool) {
    this.redis = redis
    this.#connection = connection
  }

  /** 40 rows: `like_cnt` is 10 × id (NULL of 13), `status` 0 of every fifth and 1 of the others. */
  static async create(): Promise<InspectedBoards> {
    const connection = createPool({ uri: databaseUrl('mysql', 'webook'), connectionLimit: 1 })
    const boards = new InspectedBoards(await RedisServer.start(), connection)
    await boards.sql(
      `CREATE TABLE ${boards.table} (id BIGINT UNSIGNED PRIMARY KEY, biz VARCHAR(64), status INT, like_cnt BIGINT,
       KEY (like_cnt), KEY (biz, like_cnt)) CHARACTER SET utf8mb4`,
    )
    const rows = Array.from({ length: 40 }, (_, i) => i + 1).map((id) => {
      return [id, ['article', 'video', '热'][id % 3], id % 5 === 0 ? 0 : 1, id === 13 ? null : 10 * id]
    })
    await boards.sql(`INSERT INTO ${boards.table} VALUES ?`, [rows])
    return boards
  }

  async sql(statement: string, values: unknown[] = []): Promise<void> {
    await this.#connection.query(statement, values)
  }

  /** Other servers than the usual ones in place of them. */
  yaml(servers: OtherServers = {}): string {
    const board = `topic: ${this.topic}, table: webook.${this.table}`
    return `kafka: { brokers: "${servers.kafka ?? stack.kafka}", group: "${this.prefix}" }
database: { url: "${servers.database ?? databaseUrl('mysql', 'webook')}" }
redis: { url: "${servers.redis ?? this.redis.url}", prefix: "${this.prefix}" }
http: { port: 0 }
instance: pod-1
boards:
  likes: { ${board}, score: like_cnt, where: "status = 1", size: 10 }
  hot: { ${board}, score: "like_cnt / 4", where: "status = 1 and (biz = 'article' or id < 5)", size: 5 }
  kinds: { ${board}, score: like_cnt, per: biz, size: 3 }
`
  }

  async drop(): Promise<void> {
    await this.sql(`DROP TABLE ${this.table}`)
    await this.#connection.end()
    await this.redis.down()
  }
}
