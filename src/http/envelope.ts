/** The one shape of every JSON answer: `{"code":…,"msg":…,"data":…}`, the code being the HTTP status. */

export const jsonType = 'application/json; charset=utf-8'

const successText = '查询成功'

/** `data` is JSON text already. */
export const successBody = (data: string): string => `{"code":200,"msg":${JSON.stringify(successText)},"data":${data}}`

export const failureBody = (status: number, text: string): string =>
  JSON.stringify({ code: status, msg: text, data: null })

/** A request that is answered with something else than success, for a reason the client may read. */
export class Refusal extends Error {
  readonly statusCode: 400 | 401 | 404 | 409 | 422 | 503
  /** When to ask again, seconds. */
  readonly retryAfter: number | undefined

  constructor(statusCode: 400 | 401 | 404 | 409 | 422 | 503, text: string, retryAfter?: number) {
    super(text)
    this.name = 'Refusal'
    this.statusCode = statusCode
    this.retryAfter = retryAfter
  }
}
