// tsc emits only TypeScript: Lua and SQL files go beside what was compiled by hand. The examples are not in the image.
import { cpSync, existsSync } from 'node:fs'

const folders = [
  'src/redis/lua',
  'src/databases/mysql/migrations',
  'src/databases/postgres/migrations',
  'examples/webook/lua',
  'examples/webook/migrations',
]

for (const folder of folders) {
  const from = new URL(`../${folder}`, import.meta.url)
  if (existsSync(from)) cpSync(from, new URL(`../dist/${folder}`, import.meta.url), { recursive: true })
}
