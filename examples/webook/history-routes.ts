/** A user's own read history: read page by page, latest first, and erased. It is personal data: no cache, no log. */
import type { FastifyInstance } from 'fastify'
import { queryNumber, queryText } from '../../src/http/query-values.js'
import type { HistoryEntry, HistoryPlace, ReadHistory } from '../../src/operators/batch-store.js'
import { answerDone, answerFound, badField } from './answers.js'
import { ignoreBodies } from './request-fields.js'
import { isWholeNumber, wholeNumberJson } from './whole-number.js'

const standardPage = 20
const longestPage = 100
/** The end of the year 9999, ms since 1970: no database's time goes further, so no page ends later. */
const lastTime = 253_402_300_799_999

/** A place as text for a URL. `biz` comes last: it may hold dots. */
const cursorOf = ({ readAt, bizId, biz }: HistoryPlace): string =>
  Buffer.from(`${readAt}.${bizId}.${biz}`).toString('base64url')

const placeOf = (cursor: string): HistoryPlace => {
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  const [, readAt = '', bizId = '', biz = ''] = /^(\d{1,15})\.(\d{1,20})\.(.{1,64})$/su.exec(text) ?? []
  if (biz !== '' && Number(readAt) <= lastTime && isWholeNumber(bizId)) return { readAt: Number(readAt), bizId, biz }
  throw badField('before', cursor, 'what the page before has as next')
}

const entryJson = ({ biz, bizId, readAt }: HistoryEntry): string =>
  `{"biz":${JSON.stringify(biz)},"biz_id":${wholeNumberJson(bizId)},"read_at":${readAt}}`

export const addHistoryRoutes = (scope: FastifyInstance, history: Pick<ReadHistory, 'page' | 'erase'>): void => {
  ignoreBodies(scope)
  scope.get('/history', async (request, reply) => {
    const limit = queryNumber(request.query, 'limit', longestPage) ?? standardPage
    const cursor = queryText(request.query, 'before')
    const before = cursor === undefined ? undefined : placeOf(cursor)
    // One more than is shown tells whether there is a next page.
    const found = await history.page(request.uid, limit + 1, before)
    const shown = found.slice(0, limit)
    const last = found.length > limit ? shown.at(-1) : undefined
    const next = last === undefined ? 'null' : JSON.stringify(cursorOf(last))
    reply.header('cache-control', 'no-store')
    return answerFound(reply, `{"reads":[${shown.map(entryJson).join(',')}],"next":${next}}`)
  })

  scope.delete('/history', async (request, reply) =>
    answerDone(reply, `{"erased":${await history.erase(request.uid)}}`),
  )
}
