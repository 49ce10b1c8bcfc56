import { expect, test } from 'vitest'
import { memberFromText } from '../../src/operate/member-text.js'
import { bigint, tableShape, unsignedBigint, varchar } from '../support/table-shapes.js'

const single = tableShape('shop.likes', { id: unsignedBigint, n: bigint }, ['id'])
const named = tableShape('shop.pages', { slug: varchar, n: bigint }, ['slug'])
const both = tableShape('shop.items', { n: bigint, biz: varchar, biz_id: bigint }, ['biz', 'biz_id'])

test.each([
  [single, '78', '78'],
  [single, '0078', '78'],
  [single, 'id=78', '78'],
  [single, 'id = 78'.replaceAll(' ', ''), '78'],
  [named, 'a=b,c', 'a=b,c'],
  [named, 'slug=a=b,c', 'a=b,c'],
  [named, 'a:b', 'a:b'],
  [both, 'article:3', 'article:3'],
  [both, 'a%3Ab:03', 'a%3Ab:3'],
  [both, 'biz=a:b,biz_id=3', 'a%3Ab:3'],
  [both, 'biz_id=3,biz=a,b', 'a,b:3'],
])('%# %s', (table, text, member) => expect(memberFromText(table, text)).toBe(member))

test.each([
  [single, 'x', 'the key "x": id cannot be "x", but a whole number; allowed: a value of id, or id=…'],
  [single, '-1', 'the key "-1": id cannot be "-1", but a whole number; allowed: a value of id, or id=…'],
  [single, 'ids=3', 'the key "ids=3": ids is no column of the key; did you mean id?; allowed: a value of id, or id=…'],
  [both, 'article', 'the key "article": it has 1 parts; allowed: biz:biz_id, or biz=…,biz_id=…'],
  [single, 'id=3,id=4', 'the key "id=3,id=4": id is named twice; allowed: a value of id, or id=…'],
  [both, 'biz=article', 'the key "biz=article": biz_id is missing; allowed: biz:biz_id, or biz=…,biz_id=…'],
])('%# refuses %s', (table, text, detail) => {
  expect(() => memberFromText(table, text)).toThrow(`ranktide explain: ${detail}`)
})
