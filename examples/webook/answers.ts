/** What clients are told: the envelope of ranktide's own server, `{"code":…,"msg":…,"data":…}`. */
import type { FastifyReply } from 'fastify'
import { jsonType, Refusal } from '../../src/http/envelope.js'

const texts = { 200: '查询成功', 202: '已接受' } as const

const changedText = '操作成功'

/** `data` is JSON text already. */
const send = (reply: FastifyReply, code: number, text: string, data: string): FastifyReply =>
  reply
    .code(code)
    .type(jsonType)
    .send(`{"code":${code},"msg":${JSON.stringify(text)},"data":${data}}`)

/** What was asked for. */
export const answerFound = (reply: FastifyReply, data: string): FastifyReply => send(reply, 200, texts[200], data)

/** What was to be done is done, or was so before. */
export const answerDone = (reply: FastifyReply, data: string): FastifyReply => send(reply, 200, changedText, data)

/** What was to be done will be. */
export const answerAccepted = (reply: FastifyReply): FastifyReply => send(reply, 202, texts[202], 'null')

/** Names the field, the value (its beginning) and what is allowed. */
export const faultOf = (field: string, value: unknown, allowed: string): string => {
  const written = value === undefined ? 'missing' : JSON.stringify(value)
  const characters = [...written]
  const shown = characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : written
  return `${field} is ${shown}; allowed: ${allowed}`
}

export const badField = (field: string, value: unknown, allowed: string): Refusal =>
  new Refusal(400, faultOf(field, value, allowed))
