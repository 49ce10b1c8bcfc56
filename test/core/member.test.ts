import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memberOf, partsOf } from '../../src/core/member.js'
import { bigint, tableShape, varchar } from '../support/table-shapes.js'

const single = tableShape('webook.articles', { title: varchar, slug: varchar }, ['slug'])
const double = tableShape('webook.likes', { likes: bigint, biz: varchar, biz_id: varchar }, ['biz', 'biz_id'])

describe('members', () => {
  it('read back, whatever the key parts hold', () => {
    const part = fc.string({ unit: fc.constantFrom(':', '%', '2', '5', '3', 'A', 'é', '😀', 'x') })
    fc.assert(
      fc.property(part, part, (a, b) => {
        expect(partsOf(double, memberOf(double, ['0', a, b]) ?? '')).toEqual([a, b])
        expect(partsOf(single, memberOf(single, [null, a]) ?? '')).toEqual([a])
      }),
    )
  })

  it.each([
    [['a:b', 'c'], 'a%3Ab:c'],
    [['a', 'b:c'], 'a:b%3Ac'],
    [['a%3A', 'b'], 'a%253A:b'],
    [['et', '11'], 'et:11'],
  ])('of %j is %s', ([biz = '', id = ''], member) => {
    expect(memberOf(double, ['0', biz, id])).toBe(member)
  })

  it('of one column is its text as it is', () => {
    expect(memberOf(single, [null, 'a:b%'])).toBe('a:b%')
  })

  it('are missing where a key column is NULL', () => {
    expect(memberOf(single, ['x', null])).toBeUndefined()
    expect(memberOf(double, ['1', 'a', null])).toBeUndefined()
  })
})
