/** What stands in paths and query strings, checked: a refusal names the field, the value and what is allowed. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { queryText } from '../../src/http/query-values.js'
import { badField } from './answers.js'
import type { RecordKind } from './item.js'
import { isWholeNumber, wholeNumbers } from './whole-number.js'

export interface ItemPath {
  readonly biz: string
  readonly bizId: string
}

/** Letters of any script; none that a cache key, a log or a URL would have to escape. */
const bizPattern = /^[\p{L}\p{N}_.-]{1,64}$/u
const bizAllowed = '1 to 64 letters, digits or any of _ . -'

/** Most items of one request. */
export const mostItems = 100

const checkedBiz = (value: string | undefined): string => {
  if (value !== undefined && bizPattern.test(value)) return value
  throw badField('biz', value, bizAllowed)
}

const checkedId = (name: string, value: string): string => {
  if (isWholeNumber(value)) return value
  throw badField(name, value, wholeNumbers)
}

/** `/interactions/:biz/:id` */
export const itemPath = ({ params }: FastifyRequest): ItemPath => {
  const { biz, id = '' } = params as { readonly biz?: string; readonly id?: string }
  return { biz: checkedBiz(biz), bizId: checkedId('id', id) }
}

/** `?biz=article&ids=1,2,3`; each id may stand there once. */
export const itemsQuery = ({ query }: FastifyRequest): { readonly biz: string; readonly ids: readonly string[] } => {
  const biz = checkedBiz(queryText(query, 'biz'))
  const written = queryText(query, 'ids')
  const ids = written?.split(',') ?? []
  if (ids.length < 1 || ids.length > mostItems) {
    throw badField('ids', written, `1 to ${mostItems} ids separated by commas, not ${ids.length}`)
  }
  for (const id of ids) checkedId('ids', id)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice !== undefined) throw badField('ids', twice, 'each id once')
  return { biz, ids }
}

export const markNames: Readonly<Record<RecordKind, string>> = { like: 'liked', collect: 'collected' }

/** Of routes whose requests are said by their paths: whatever is sent with them, of whatever type, is not looked at. */
export const ignoreBodies = (scope: FastifyInstance): void => {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null, undefined))
}
