/**
 * EVAL for the built-in server: the worker's own Lua files, run by fengari (Lua 5.3 in JavaScript) as Redis runs them in
 * Lua 5.1. What differs and matters is bridged: `unpack` is a global, and numbers made from texts are doubles (fengari's
 * integers have 32 bits and would wrap).
 */
import { createHash } from 'node:crypto'
import fengari, { type State } from 'fengari'
import { Failure, type Reply, Status } from './reply.js'

const { lua, lauxlib, lualib } = fengari

/** A command as a script calls it; failures are answered, not thrown. */
export type Call = (request: readonly string[]) => Reply

const prelude = `
unpack = table.unpack
local number, floor = tonumber, math.floor
tonumber = function(value, base)
  local result = base and number(value, base) or not base and number(value)
  return result and result + 0.0
end
math.floor = function(value) return floor(value) + 0.0 end
redis = {}
redis.error_reply = function(message) return { err = message } end
redis.status_reply = function(message) return { ok = message } end
`

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
/** Control characters are ASCII, too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const isAscii = /^[\x00-\x7f]*$/
const named = (name: string): Uint8Array => fengari.to_luastring(name)

/** As Redis names it in messages. */
const scriptName = named('@user_script')

export class LuaScripts {
  readonly #state: State
  readonly #call: Call
  readonly #loaded = new Map<string, { readonly reference: number }>()

  constructor(call: Call) {
    this.#call = call
    this.#state = lauxlib.luaL_newstate()
    lualib.luaL_openlibs(this.#state)
    const source = named(prelude)
    lauxlib.luaL_loadbuffer(this.#state, source, source.length, named('@prelude'))
    lua.lua_pcall(this.#state, 0, 0, 0)
    this.#defineCalls()
  }

  /** The script's SHA-1. */
  load(source: string): string | Failure {
    const sha = createHash('sha1').update(source, 'latin1').digest('hex')
    if (this.#loaded.has(sha)) return sha
    const state = this.#state
    const bytes = bytesOf(source)
    if (lauxlib.luaL_loadbuffer(state, bytes, bytes.length, scriptName) !== lua.LUA_OK)
      return new Failure(`ERR Error compiling script: ${this.#popText()}`)
    this.#loaded.set(sha, { reference: lauxlib.luaL_ref(state, lua.LUA_REGISTRYINDEX) })
    return sha
  }

  has(sha: string): boolean {
    return this.#loaded.has(sha.toLowerCase())
  }

  flush(): void {
    for (const { reference } of this.#loaded.values()) lauxlib.luaL_unref(this.#state, lua.LUA_REGISTRYINDEX, reference)
    this.#loaded.clear()
  }

  /** NOSCRIPT for one that is not loaded. */
  run(sha: string, keys: readonly string[], args: readonly string[]): Reply {
    const script = this.#loaded.get(sha.toLowerCase())
    if (script === undefined) return new Failure('NOSCRIPT No matching script. Please use EVAL.')
    const state = this.#state
    for (const [name, values] of [
      ['KEYS', keys],
      ['ARGV', args],
    ] as const) {
      this.#push(values)
      lua.lua_setglobal(state, named(name))
    }
    lua.lua_rawgeti(state, lua.LUA_REGISTRYINDEX, script.reference)
    const outcome = lua.lua_pcall(state, 0, 1, 0)
    const reply = outcome === lua.LUA_OK ? this.#read(-1) : this.#failure()
    lua.lua_settop(state, 0)
    return reply
  }

  /** redis.call raises what fails, redis.pcall returns it. */
  #defineCalls(): void {
    const state = this.#state
    lua.lua_getglobal(state, named('redis'))
    for (const [name, raises] of [
      ['call', true],
      ['pcall', false],
    ] as const) {
      lua.lua_pushjsfunction(state, (from) => {
        const request: string[] = []
        for (let i = 1; i <= lua.lua_gettop(from); i++) request.push(textOf(lua.lua_tostring(from, i)))
        const reply = this.#call(request)
        this.#push(reply)
        return reply instanceof Failure && raises ? lua.lua_error(from) : 1
      })
      lua.lua_setfield(state, -2, named(name))
    }
    lua.lua_settop(state, 0)
  }

  #push(reply: Reply): void {
    const state = this.#state
    if (reply === null) lua.lua_pushboolean(state, false)
    else if (typeof reply === 'number') lua.lua_pushnumber(state, reply)
    else if (typeof reply === 'string') this.#pushText(reply)
    else if (reply instanceof Status) this.#pushField('ok', reply.text)
    else if (reply instanceof Failure) this.#pushField('err', reply.message)
    else {
      lua.lua_createtable(state, reply.length, 0)
      for (const [i, item] of reply.entries()) {
        this.#push(item)
        lua.lua_rawseti(state, -2, i + 1)
      }
    }
  }

  /** ASCII, the usual case, goes in without a copy of its bytes. */
  #pushText(text: string): void {
    if (isAscii.test(text)) lua.lua_pushliteral(this.#state, text)
    else lua.lua_pushlstring(this.#state, bytesOf(text), text.length)
  }

  #pushField(name: string, text: string): void {
    lua.lua_createtable(this.#state, 0, 1)
    this.#pushText(text)
    lua.lua_setfield(this.#state, -2, named(name))
  }

  /** A Lua value as a reply, as Redis converts it: numbers lose their fraction, lists end at the first nil. */
  #read(index: number): Reply {
    const state = this.#state
    switch (lua.lua_type(state, index)) {
      case lua.LUA_TSTRING:
        return textOf(lua.lua_tostring(state, index))
      case lua.LUA_TNUMBER:
        return Math.trunc(lua.lua_tonumber(state, index))
      case lua.LUA_TBOOLEAN:
        return lua.lua_toboolean(state, index) ? 1 : null
      case lua.LUA_TTABLE:
        return this.#readTable()
      default:
        return null
    }
  }

  /** The table on top of the stack, which stays there. */
  #readTable(): Reply {
    const error = this.#field('err')
    if (error !== undefined) return new Failure(error)
    const status = this.#field('ok')
    if (status !== undefined) return new Status(status)
    const items: Reply[] = []
    for (let i = 1; ; i++) {
      const type = lua.lua_rawgeti(this.#state, -1, i)
      if (type !== lua.LUA_TNIL) items.push(this.#read(-1))
      lua.lua_pop(this.#state, 1)
      if (type === lua.LUA_TNIL) return items
    }
  }

  #field(name: string): string | undefined {
    const type = lua.lua_getfield(this.#state, -1, named(name))
    const text = type === lua.LUA_TSTRING ? textOf(lua.lua_tostring(this.#state, -1)) : undefined
    lua.lua_pop(this.#state, 1)
    return text
  }

  /** What was raised: the failure of a command, or a message of Lua's own. */
  #failure(): Failure {
    const raised = this.#read(-1)
    return raised instanceof Failure ? raised : new Failure(`ERR ${String(raised)}`)
  }

  #popText(): string {
    const text = textOf(lua.lua_tostring(this.#state, -1))
    lua.lua_settop(this.#state, 0)
    return text
  }
}
