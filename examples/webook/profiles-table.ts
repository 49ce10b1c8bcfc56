/** Profiles in the database: the last one that was put wins, whole. Duplicates: putting one again changes nothing. */
import type { MysqlPool } from '../../src/databases/mysql/connection.js'
import type { TableNames } from './item.js'
import type { Profile } from './profile.js'
import { retryConflicts } from './transactions.js'

export interface ProfilesTableOptions {
  readonly pool: MysqlPool
  readonly tables: Pick<TableNames, 'users'>
  /** ms since 1970. */
  readonly now: () => number
}

export class ProfilesTable {
  readonly #options: ProfilesTableOptions

  constructor(options: ProfilesTableOptions) {
    this.#options = options
  }

  /** Undefined: this user has none yet. */
  async get(uid: string): Promise<Profile | undefined> {
    const { pool, tables } = this.#options
    const { rows } = await pool.use((session) =>
      session.query(
        'reading a profile',
        `SELECT nickname, birthday, about FROM ${tables.users} WHERE uid = CAST(? AS UNSIGNED)`,
        [uid],
      ),
    )
    const [nickname, birthday = null, about] = rows[0] ?? []
    return nickname === undefined ? undefined : { nickname: nickname ?? '', birthday, about: about ?? '' }
  }

  async put(uid: string, { nickname, birthday, about }: Profile): Promise<void> {
    const { pool, tables, now } = this.#options
    const time = now()
    // NULLIF: the statement's parameters are texts and numbers only.
    const born = birthday ?? ''
    await retryConflicts(() =>
      pool.use((session) =>
        session.query(
          'writing a profile',
          `INSERT INTO ${tables.users} (uid, nickname, birthday, about, ctime, utime)
           VALUES (?, ?, NULLIF(?, ''), ?, ?, ?)
           ON DUPLICATE KEY UPDATE nickname = ?, birthday = NULLIF(?, ''), about = ?, utime = ?`,
          [uid, nickname, born, about, time, time, nickname, born, about, time],
        ),
      ),
    )
  }
}
