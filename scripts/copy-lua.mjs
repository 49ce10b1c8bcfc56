// tsc emits only TypeScript: the Lua files go beside the compiled store by hand.
import { cpSync } from 'node:fs'

cpSync(new URL('../src/redis/lua', import.meta.url), new URL('../dist/src/redis/lua', import.meta.url), {
  recursive: true,
})
