/** The part of fengari's API that lua-scripts.ts uses: that of Lua 5.3's C library, with texts as bytes. */
declare module 'fengari' {
  export interface State {
    readonly _state: never
  }
  type Function = (state: State) => number

  interface Lua {
    readonly LUA_REGISTRYINDEX: number
    readonly LUA_OK: number
    readonly LUA_MULTRET: number
    readonly LUA_TNIL: number
    readonly LUA_TBOOLEAN: number
    readonly LUA_TNUMBER: number
    readonly LUA_TSTRING: number
    readonly LUA_TTABLE: number
    lua_createtable(state: State, items: number, fields: number): void
    lua_error(state: State): never
    lua_getfield(state: State, index: number, name: Uint8Array): number
    lua_getglobal(state: State, name: Uint8Array): number
    lua_gettop(state: State): number
    lua_pcall(state: State, given: number, wanted: number, handler: number): number
    lua_pop(state: State, count: number): void
    lua_pushboolean(state: State, value: boolean): void
    lua_pushjsfunction(state: State, value: Function): void
    lua_pushlstring(state: State, bytes: Uint8Array, length: number): void
    lua_pushliteral(state: State, text: string): void
    lua_pushnil(state: State): void
    lua_pushnumber(state: State, value: number): void
    lua_rawgeti(state: State, index: number, item: number): number
    lua_rawseti(state: State, index: number, item: number): void
    lua_setfield(state: State, index: number, name: Uint8Array): void
    lua_setglobal(state: State, name: Uint8Array): void
    lua_settop(state: State, top: number): void
    lua_toboolean(state: State, index: number): boolean
    lua_tonumber(state: State, index: number): number
    lua_tostring(state: State, index: number): Uint8Array
    lua_type(state: State, index: number): number
  }
  interface LuaAux {
    luaL_loadbuffer(state: State, bytes: Uint8Array, length: number, name: Uint8Array): number
    luaL_newstate(): State
    luaL_ref(state: State, table: number): number
    luaL_unref(state: State, table: number, reference: number): void
  }
  interface LuaLibraries {
    luaL_openlibs(state: State): void
  }
  const fengari: {
    readonly lua: Lua
    readonly lauxlib: LuaAux
    readonly lualib: LuaLibraries
    to_luastring(text: string): Uint8Array
  }
  // biome-ignore lint/style/noDefaultExport: the module is CommonJS, which Node gives as a default.
  export default fengari
}
