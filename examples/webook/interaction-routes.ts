/** Likes, collects, reads and their counts. The user is the one that the token names. */
import type { FastifyInstance } from 'fastify'
import { answerAccepted, answerDone, answerFound } from './answers.js'
import { type Counts, type CountsSource, noCounts, type RecordKind, recordKinds } from './item.js'
import type { ReadEvents } from './read-events.js'
import { ignoreBodies, itemPath, itemsQuery, markNames } from './request-fields.js'
import type { Marks, UserRecords } from './user-records.js'
import { wholeNumberJson } from './whole-number.js'

export interface InteractionPorts {
  readonly records: Pick<UserRecords, 'set' | 'marks'>
  readonly counts: CountsSource
  readonly reads: Pick<ReadEvents, 'send'>
  /** ms since 1970. */
  readonly now: () => number
}

const itemJson = (biz: string, id: string, counts: Counts, marks: Marks): string => {
  const shown = Object.entries(counts).map(([name, count]) => `"${name}":${wholeNumberJson(count)}`)
  const marked = recordKinds.map((kind) => `"${markNames[kind]}":${marks.get(kind)?.has(id) ?? false}`)
  return `{${[`"biz":${JSON.stringify(biz)}`, `"biz_id":${wholeNumberJson(id)}`, ...shown, ...marked].join(',')}}`
}

const addRecordRoutes = (scope: FastifyInstance, kind: RecordKind, { records }: InteractionPorts): void => {
  const methods = [
    ['POST', true],
    ['DELETE', false],
  ] as const
  for (const [method, on] of methods) {
    scope.route({
      method,
      url: `/interactions/:biz/:id/${kind}`,
      handler: async (request, reply) => {
        const item = itemPath(request)
        const { changed, count } = await records.set({ kind, uid: request.uid, ...item, on })
        return answerDone(
          reply,
          `{"${markNames[kind]}":${on},"changed":${changed},"${kind}_cnt":${wholeNumberJson(count)}}`,
        )
      },
    })
  }
}

export const addInteractionRoutes = (scope: FastifyInstance, ports: InteractionPorts): void => {
  const { records, counts, reads, now } = ports
  ignoreBodies(scope)
  for (const kind of recordKinds) addRecordRoutes(scope, kind, ports)

  scope.post('/interactions/:biz/:id/read', async (request, reply) => {
    await reads.send({ uid: request.uid, ...itemPath(request), ts: now() })
    return answerAccepted(reply)
  })

  const items = async (uid: string, biz: string, ids: readonly string[]): Promise<readonly string[]> => {
    const [found, marks] = await Promise.all([counts.read(biz, ids), records.marks(uid, biz, ids)])
    return ids.map((id) => itemJson(biz, id, found.get(id) ?? noCounts, marks))
  }

  scope.get('/interactions/:biz/:id', async (request, reply) => {
    const { biz, bizId } = itemPath(request)
    return answerFound(reply, (await items(request.uid, biz, [bizId])).join())
  })

  scope.get('/interactions', async (request, reply) => {
    const { biz, ids } = itemsQuery(request)
    return answerFound(reply, `[${(await items(request.uid, biz, ids)).join(',')}]`)
  })
}
