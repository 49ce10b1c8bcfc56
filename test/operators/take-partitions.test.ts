import { NEVER, Observable, of, Subject, throwError } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import type { CounterNews } from '../../src/core/counter-progress.js'
import { RanktideError } from '../../src/core/errors.js'
import { foldReads } from '../../src/core/fold-reads.js'
import type { Positions } from '../../src/core/positions.js'
import type { Claim, CountStore, WriteOutcome } from '../../src/operators/batch-store.js'
import type { Generation } from '../../src/operators/generation.js'
import type { Assignment } from '../../src/operators/message-ports.js'
import type { MessageBatch } from '../../src/operators/ports.js'
import { takePartitions } from '../../src/operators/take-partitions.js'
import { until } from '../support/until.js'
import { VirtualTime } from '../support/virtual-time.js'

const at = (offset: number): Positions => new Map([['t/0', offset]])
const folding = foldReads({ buckets: [], timeZone: 'UTC' })

class TestAssignment implements Assignment {
  readonly partitions: readonly string[]
  readonly starts: Positions[] = []
  readonly batches$ = new Subject<MessageBatch>()
  asked = 0
  readers = 0
  first = 0
  end = 100
  /** What bounds() says first, before what is true. */
  earlier: number[] = []
  down = false

  constructor(partitions: readonly string[] = ['t/0']) {
    this.partitions = partitions
  }

  async bounds() {
    this.asked += 1
    if (this.down) throw new RanktideError('KAFKA_UNREACHABLE', 'simulated')
    return { first: at(this.first), ends: at(this.earlier.shift() ?? this.end) }
  }

  batches(start: Positions): Observable<MessageBatch> {
    return new Observable((subscriber) => {
      this.starts.push(start)
      this.readers += 1
      const reading = this.batches$.subscribe(subscriber)
      return () => {
        this.readers -= 1
        reading.unsubscribe()
      }
    })
  }
}

describe('taking partitions', () => {
  let time: VirtualTime
  let stored: number | undefined
  let takes: { readonly unknown: number | undefined }[]
  let failures: RanktideError[]
  let writes: [from: number | undefined, to: number | undefined, increments: number][]
  let outcome: WriteOutcome
  /** So many writes are committed, and their answers are lost. */
  let ambiguous: number
  let assignments$: Subject<Assignment>
  let generations: Generation[]
  let counted: Subject<CounterNews>[]
  let news: CounterNews[]
  let errors: unknown[]
  let told: string[]
  let completed: boolean

  const store: CountStore = {
    take: (group, partitions, unknown) => {
      const failure = failures.shift()
      if (failure !== undefined) return throwError(() => failure)
      takes.push({ unknown: unknown.get('t/0') })
      stored ??= unknown.get('t/0') ?? 0
      const epochs = new Map(partitions.map((id) => [id, takes.length]))
      return of<Claim>({ group, epochs, positions: at(stored) })
    },
    write: (_, { from, to }, { increments }) => {
      writes.push([from.get('t/0'), to.get('t/0'), increments.length])
      if (ambiguous > 0) {
        ambiguous -= 1
        stored = to.get('t/0')
        return throwError(() => new RanktideError('DATABASE_UNREACHABLE', 'the answer to COMMIT is lost'))
      }
      return of(outcome)
    },
  }

  const taking = (start: 'beginning' | 'end' = 'beginning', onLoss: 'stop' | 'skip' = 'stop') => {
    const observer = {
      letters: { written: () => {}, failed: () => {} },
      failed: (what: string, { code }: RanktideError) => told.push(`${what} ${code}`),
      fenced: () => {},
      lost: (partition: string, offsets: number, detail: string) =>
        told.push(`lost ${partition} ${offsets}: ${detail}`),
    }
    const ports = { group: 'g', store, start, onLoss, scheduler: time, random: () => 0.5, observer }
    assignments$
      .pipe(
        takePartitions(ports, folding, (generation) => {
          generations.push(generation)
          const news$ = new Subject<CounterNews>()
          counted.push(news$)
          // As the pipeline: reads the batches, and ends when they do.
          return new Observable((subscriber) => {
            const reading = generation.batches$.subscribe({
              error: (error: unknown) => subscriber.error(error),
              complete: () => setImmediate(() => subscriber.complete()),
            })
            const telling = news$.subscribe((one) => subscriber.next(one))
            return () => {
              reading.unsubscribe()
              telling.unsubscribe()
            }
          })
        }),
      )
      .subscribe({
        next: (one) => news.push(one),
        error: (error: unknown) => errors.push(error),
        complete: () => (completed = true),
      })
  }
  const assigned = (assignment = new TestAssignment()) => {
    assignments$.next(assignment)
    return assignment
  }
  const generation = (count: number) => until(`generation ${count}`, async () => generations.length === count)
  const kinds = () => news.map(({ kind }) => kind)

  beforeEach(() => {
    time = new VirtualTime(0)
    stored = undefined
    assignments$ = new Subject()
    outcome = { kind: 'written', repeated: false }
    ;[takes, failures, writes, generations, counted, news, errors, told] = [[], [], [], [], [], [], [], []]
    completed = false
    ambiguous = 0
  })

  it.each([
    ['beginning', 3],
    ['end', 100],
  ] as const)('begins at the %s where no offset is stored', async (start, offset) => {
    taking(start)
    const assignment = new TestAssignment()
    assignment.first = 3
    assigned(assignment)
    await generation(1)
    expect(assignment.starts).toEqual([at(offset)])
    expect(news.at(-1)).toMatchObject({ kind: 'taken', positions: at(offset), ends: at(100) })
  })

  it('reads on from the stored offset', async () => {
    stored = 42
    taking('end')
    const assignment = assigned()
    await generation(1)
    expect(assignment.starts).toEqual([at(42)])
    expect(generations[0]?.claim).toMatchObject({ group: 'g', epochs: at(1), positions: at(42) })
  })

  it('waits for servers that are down', async () => {
    taking()
    failures = [
      new RanktideError('DATABASE_UNREACHABLE', 'simulated'),
      new RanktideError('DATABASE_CONFLICT', 'simulated'),
    ]
    const assignment = new TestAssignment()
    assignment.down = true
    assigned(assignment)
    await until('it has asked', async () => told.length === 1)
    assignment.down = false
    await until('all have failed', async () => {
      time.advance(1_000)
      return generations.length === 1
    })
    expect(told).toEqual(['take KAFKA_UNREACHABLE', 'take DATABASE_UNREACHABLE', 'take DATABASE_CONFLICT'])
  })

  it('fails at once with what does not pass by itself', async () => {
    taking()
    failures = [new RanktideError('MIGRATION_MISSING', 'simulated')]
    assigned()
    await until('it has failed', async () => errors.length === 1)
    expect(errors).toMatchObject([{ code: 'MIGRATION_MISSING' }])
  })

  it('takes nothing where there is nothing, and goes on with the next assignment', async () => {
    taking()
    assigned(new TestAssignment([]))
    assigned()
    await generation(1)
    expect(takes).toHaveLength(1)
  })

  it('begins the next generation when the one before has ended completely', async () => {
    taking()
    const first = assigned()
    await generation(1)
    first.batches$.complete()
    const second = assigned()
    expect(second.asked).toBe(0)
    await generation(2)
    expect(first.readers).toBe(0)
    expect(kinds()).toEqual(['lost', 'taken', 'given-up', 'lost', 'taken'])
  })

  it('drops an assignment that could not be begun when a newer one comes', async () => {
    taking()
    const first = new TestAssignment()
    first.down = true
    assigned(first)
    await until('it has asked', async () => told.length === 1)
    assigned(new TestAssignment())
    const third = assigned()
    await generation(1)
    time.advance(60_000)
    expect([first.asked, takes.length, third.readers]).toEqual([1, 1, 1])
  })

  it('completes with the consumer: at once while taking, and when the last generation has ended', async () => {
    taking()
    const assignment = new TestAssignment()
    assignment.down = true
    assigned(assignment)
    await until('it has asked', async () => told.length === 1)
    assignments$.complete()
    expect(completed).toBe(true)
  })

  it('takes partitions again that were fenced and are still assigned, after a pause that grows', async () => {
    stored = 5
    taking()
    const assignment = assigned()
    await generation(1)
    for (const [count, pause] of [
      [2, 750],
      [3, 1_500],
      [4, 3_000],
    ] as const) {
      counted.at(-1)?.next({ kind: 'fenced', partitions: ['t/0'] })
      stored += 5
      time.advance(pause - 1)
      expect(takes).toHaveLength(count - 1)
      time.advance(1)
      await generation(count)
      expect(assignment.readers).toBe(1)
    }
    expect(assignment.starts).toEqual([at(5), at(10), at(15), at(20)])
    const written = { kind: 'written', positions: at(21), events: 1, refused: 0, repeated: false, newest: 1 } as const
    counted.at(-1)?.next(written)
    counted.at(-1)?.next({ kind: 'fenced', partitions: ['t/0'] })
    time.advance(750)
    await generation(5)
    expect(kinds().filter((kind) => kind === 'fenced')).toHaveLength(4)
  })

  it('takes partitions again after a pause when a window has timed out, to see what became of it', async () => {
    stored = 5
    taking()
    const assignment = assigned()
    await generation(1)
    counted[0]?.next({ kind: 'timed-out', events: 10 })
    stored = 15
    time.advance(749)
    expect([takes.length, assignment.readers]).toEqual([1, 1])
    time.advance(1)
    await generation(2)
    expect(assignment.starts).toEqual([at(5), at(15)])
  })

  it('leaves partitions alone that were fenced and then taken away', async () => {
    taking()
    const assignment = assigned()
    await generation(1)
    counted[0]?.next({ kind: 'fenced', partitions: ['t/0'] })
    expect(assignment.readers).toBe(1)
    assignment.batches$.complete()
    time.advance(60_000)
    await until('it is given up', async () => kinds().at(-1) === 'given-up')
    expect(takes).toHaveLength(1)
  })

  it('stops where the topic has dropped what comes next, and says how much', async () => {
    stored = 5
    taking()
    const assignment = new TestAssignment()
    assignment.first = 12
    assigned(assignment)
    await until('it has failed', async () => errors.length === 1)
    expect(errors).toMatchObject([{ code: 'EVENTS_LOST' }])
    expect(String(errors[0])).toMatch(/t\/0 begins at 12, .*up to 5: 7 offsets are gone.*onLoss: skip/)
    expect([writes, assignment.starts]).toEqual([[], []])
  })

  it('stops where the topic ends before what was counted', async () => {
    stored = 105
    taking()
    assigned()
    await until('it has failed', async () => errors.length === 1)
    expect(String(errors[0])).toMatch(/t\/0 ends at 100, .*up to 105.*passes over the 100 offsets.*may be lost/)
  })

  it.each([
    [12, 5, 12, 7],
    [0, 105, 100, 100],
    [40, 105, 100, 60],
  ])('skips what is lost if told to, in the database first: first %d, stored %d', async (first, from, to, lost) => {
    stored = from
    taking('beginning', 'skip')
    const assignment = new TestAssignment()
    assignment.first = first
    assigned(assignment)
    await generation(1)
    expect(writes).toEqual([[from, to, 0]])
    expect(assignment.starts).toEqual([at(to)])
    expect(generations[0]?.claim.positions).toEqual(at(to))
    expect(news[0]).toEqual({ kind: 'lost', offsets: lost })
    expect(told).toEqual([expect.stringMatching(new RegExp(`^lost t/0 ${lost}: t/0 (begins|ends) at ${to}`))])
  })

  it('tells what is lost, too, when the answer to the commit that skips it gets lost', async () => {
    stored = 5
    ambiguous = 2
    taking('beginning', 'skip')
    const assignment = new TestAssignment()
    assignment.first = 12
    assigned(assignment)
    await until('it is counted', async () => {
      time.advance(1_000)
      return generations.length === 1
    })
    expect([takes.length, stored, assignment.starts]).toEqual([1, 12, [at(12)]])
    expect(news[0]).toEqual({ kind: 'lost', offsets: 7 })
    expect(told).toEqual([
      'take DATABASE_UNREACHABLE',
      'take DATABASE_UNREACHABLE',
      expect.stringMatching(/^lost t\/0 7: /),
    ])
  })

  it('takes again, and tells no loss, where somebody else has the partitions before it is skipped', async () => {
    stored = 5
    outcome = { kind: 'fenced', partitions: ['t/0'] }
    taking('beginning', 'skip')
    const assignment = new TestAssignment()
    assignment.first = 12
    assigned(assignment)
    await until('it was fenced', async () => told.length === 1)
    stored = 20
    await until('it is taken again', async () => {
      time.advance(1_000)
      return generations.length === 1
    })
    expect([takes.length, told, assignment.starts]).toEqual([2, ['take LEASE_LOST'], [at(20)]])
  })

  it('leaves a loss alone once the partitions are gone', async () => {
    stored = 5
    ambiguous = Number.POSITIVE_INFINITY
    taking('beginning', 'skip')
    const assignment = new TestAssignment()
    assignment.first = 12
    assigned(assignment)
    await until('it has failed', async () => told.length === 1)
    assignments$.complete()
    time.advance(60_000)
    expect([writes.length, completed, errors]).toEqual([1, true, []])
  })

  it('finds nothing lost where another process has only counted past the ends that were asked for before', async () => {
    stored = 120
    taking()
    const assignment = new TestAssignment()
    assignment.end = 130
    assignment.earlier = [110]
    assigned(assignment)
    await generation(1)
    expect([errors, assignment.starts]).toEqual([[], [at(120)]])
  })

  it('looks for what is lost when the topic drops what is being read', async () => {
    stored = 5
    taking('beginning', 'skip')
    const assignment = assigned()
    await generation(1)
    assignment.first = 50
    assignment.batches$.error(new RanktideError('OFFSETS_GONE', 'simulated'))
    expect(errors).toEqual([])
    // A subject that has failed is over: the next reading is another one.
    Object.assign(assignment, { batches$: new Subject<MessageBatch>() })
    time.advance(1_000)
    await generation(2)
    expect(assignment.starts).toEqual([at(5), at(50)])
  })

  it('passes on any other error of reading or counting', async () => {
    taking()
    const assignment = assigned()
    await generation(1)
    assignment.batches$.error(new RanktideError('UNEXPECTED', 'simulated'))
    expect(errors).toMatchObject([{ code: 'UNEXPECTED' }])
  })

  it('tells the ends while it reads, and only then', async () => {
    taking()
    const assignment = assigned()
    await generation(1)
    assignment.end = 200
    time.advance(1_000)
    await until('ends are told', async () => kinds().includes('ends'))
    expect(news.at(-1)).toEqual({ kind: 'ends', ends: at(200), at: 1_000 })
    assignment.down = true
    time.advance(1_000)
    assignment.batches$.complete()
    await until('it is given up', async () => kinds().at(-1) === 'given-up')
    const { asked } = assignment
    time.advance(10_000)
    expect(assignment.asked).toBe(asked)
  })

  it('leaves everything when it is unsubscribed', async () => {
    const silent = new TestAssignment()
    const observed = new Observable<Assignment>((subscriber) => {
      subscriber.next(silent)
      return () => told.push('left')
    })
    const observer = {
      letters: { written: () => {}, failed: () => {} },
      failed: () => {},
      fenced: () => {},
      lost: () => {},
    }
    const ports = {
      group: 'g',
      store,
      start: 'beginning',
      onLoss: 'stop',
      scheduler: time,
      random: () => 0,
      observer,
    } as const
    const running = observed
      .pipe(
        takePartitions(ports, folding, ({ batches$ }) => {
          batches$.subscribe()
          return NEVER
        }),
      )
      .subscribe()
    await until('it is read', async () => silent.readers === 1)
    running.unsubscribe()
    expect(told).toEqual(['left'])
  })
})
