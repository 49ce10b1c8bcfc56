import { readFileSync } from 'node:fs'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createLetterGauges } from '../../src/http/letter-metrics.js'

const opened = () => {
  const registry = new Registry()
  const names = ['shop.items', 'counters.reads']
  const gauges = createLetterGauges(
    registry,
    () => names,
    () => 60_000,
  )
  return { registry, gauges, names }
}
const series = async (registry: Registry): Promise<readonly string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))

test('nothing is told while nothing is known', async () => {
  const { registry, gauges } = opened()
  expect(await series(registry)).toEqual([])
  gauges.show(new Map())
  expect(await series(registry)).toHaveLength(4)
  gauges.show(undefined)
  expect(await series(registry)).toEqual([])
})

test('number and age by feed, 0 where nothing is open; feeds that the configuration no longer has are one series', async () => {
  const { registry, gauges } = opened()
  gauges.show(
    new Map([
      ['counters.reads', { unsettled: 2, oldestAt: 18_000 }],
      ['counters.gone', { unsettled: 1, oldestAt: 50_000 }],
      ['shop.gone', { unsettled: 4, oldestAt: 40_000 }],
    ]),
  )
  expect(await series(registry)).toEqual([
    'ranktide_dead_letters_unsettled{feed="counters.reads"} 2',
    'ranktide_dead_letters_unsettled{feed="other"} 5',
    'ranktide_dead_letters_unsettled{feed="shop.items"} 0',
    'ranktide_dead_letters_oldest_age_seconds{feed="counters.reads"} 42',
    'ranktide_dead_letters_oldest_age_seconds{feed="other"} 20',
    'ranktide_dead_letters_oldest_age_seconds{feed="shop.items"} 0',
  ])
})

test('a reload changes which feeds there are', async () => {
  const { registry, gauges, names } = opened()
  gauges.show(new Map([['shop.items', { unsettled: 1, oldestAt: 0 }]]))
  expect(await series(registry)).toContain('ranktide_dead_letters_unsettled{feed="shop.items"} 1')
  names.splice(0, names.length, 'shop.orders')
  expect((await series(registry)).slice(0, 2)).toEqual([
    'ranktide_dead_letters_unsettled{feed="other"} 1',
    'ranktide_dead_letters_unsettled{feed="shop.orders"} 0',
  ])
})

test('docs/operations.md has them', () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
  for (const { name } of opened().registry.getMetricsAsArray()) expect(page).toContain(`| \`${name}\` | \`feed\` |`)
})
