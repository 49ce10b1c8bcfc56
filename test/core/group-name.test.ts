import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupName } from '../../src/core/group-name.js'
import { sha256 } from '../../src/core/sha256.js'

const bytes = (text: string): number => new TextEncoder().encode(text).length

describe('the name of a group', () => {
  it.each([
    ['article', 'likes/article'],
    ['', 'likes/'],
    ['42', 'likes/42'],
    ['a b', 'likes/a%20b'],
    ['a/b:c', 'likes/a%2Fb%3Ac'],
    ['{tag}', 'likes/%7Btag%7D'],
    ['100%', 'likes/100%25'],
    ['tab\there', 'likes/tab%09here'],
    ['日本 語', 'likes/日本%20語'],
    ['\u2028', 'likes/%E2%80%A8'],
  ])('of %j is %s', (value, name) => expect(groupName('likes', value)).toBe(name))

  it('of a long value is cut, and told apart by a hash of the whole', () => {
    const name = groupName('likes', `${'語'.repeat(200)}a`)
    expect(name).toMatch(/^likes\/語+~[0-9a-f]{32}$/)
    expect(bytes(name)).toBeLessThan(130)
    expect(groupName('likes', `${'語'.repeat(200)}b`)).not.toBe(name)
    // What looks like a cut name is another value.
    expect(groupName('likes', name.slice('likes/'.length))).not.toBe(name)
  })

  it('is never shared, short, and of harmless characters only', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: fc.constantFrom('%', '2', '5', '~', '/', '\ud800', '\udfff', 'é'), maxLength: 6 }),
    )
    fc.assert(
      fc.property(value, value, (a, b) => {
        const name = groupName('likes', a)
        expect(name === groupName('likes', b)).toBe(a === b)
        expect(bytes(name)).toBeLessThanOrEqual('likes/'.length + 120)
        expect(name.slice('likes/'.length)).not.toMatch(/[{}/:\s\p{Cc}\p{Cs}]/u)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('sha256', () => {
  it('is that of the platform', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        expect(sha256(data)).toBe(createHash('sha256').update(data).digest('hex'))
      }),
    )
  })
})
