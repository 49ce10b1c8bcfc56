import { describe, expect, it } from 'vitest'
import { countedWindow, sourceWindow } from '../../src/worker/source-window.js'

describe('what a counter is handed at a time', () => {
  it('is no more than a window of its own holds, and no more than any source hands on', () => {
    expect(countedWindow({ events: 100 })).toEqual({ ...sourceWindow, events: 100 })
    expect(countedWindow({ events: 5_000 })).toEqual(sourceWindow)
  })
})
