import { interval, map, NEVER, timeout, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { VirtualTime } from './virtual-time.js'

describe('virtual time', () => {
  it('runs what is due in order, equal times as they were scheduled', () => {
    const time = new VirtualTime(1_000)
    const seen: string[] = []
    for (const [name, delay] of [
      ['late', 30],
      ['first', 10],
      ['second', 10],
      ['now', 0],
    ] as const)
      time.schedule(() => seen.push(`${name} ${time.now()}`), delay)
    time.schedule(() => seen.push('never'), 20).unsubscribe()
    time.advance(20)
    expect(seen).toEqual(['now 1000', 'first 1010', 'second 1010'])
    time.advance(20)
    expect(seen.at(-1)).toBe('late 1030')
    expect(time.now()).toBe(1_040)
  })

  it('ticks intervals while it advances, and once after it slept', () => {
    const time = new VirtualTime(0)
    const seen: number[] = []
    const subscription = interval(100, time).subscribe(() => seen.push(time.now()))
    time.advance(350)
    expect(seen).toEqual([100, 200, 300])
    time.sleep(1_000)
    expect(seen).toEqual([100, 200, 300, 1_350])
    time.advance(100)
    expect(seen.at(-1)).toBe(1_450)
    subscription.unsubscribe()
    time.advance(1_000)
    expect(seen).toHaveLength(5)
  })

  it('carries the operators that pipelines use', () => {
    const time = new VirtualTime(0)
    const seen: unknown[] = []
    timer(50, time)
      .pipe(map(() => 'timer'))
      .subscribe((value) => seen.push(value))
    NEVER.pipe(timeout({ first: 80, scheduler: time })).subscribe({ error: (error: Error) => seen.push(error.name) })
    time.advance(100)
    expect(seen).toEqual(['timer', 'TimeoutError'])
  })

  it('does not hang on a loop that never ends', () => {
    const time = new VirtualTime(0)
    const again = (): void => void time.schedule(again, 0)
    again()
    expect(() => time.advance(1)).toThrow('steps')
  })
})
