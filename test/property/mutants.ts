/**
 * Ways in which the design was once wrong, or would be: each a change of the sources that the histories must notice.
 * `find` has to occur exactly once in `file`.
 */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
}

export interface Mutant {
  readonly name: string
  readonly patches: readonly Patch[]
}

const board = 'src/core/bounded-board.ts'
const keeper = 'src/core/board-keeper.ts'
const split = 'src/core/split-keeper.ts'
const reader = 'src/core/split-reader.ts'
const groups = 'src/core/split-groups.ts'
const group = 'src/core/split-group.ts'
const generation = 'src/core/split-generation.ts'
const reading = 'src/core/split-reading.ts'

/** Journals of two keys are full at once: rows are merged ahead of their barrier all the time. */
const tinyJournal: Patch = { file: 'src/core/keeper-feed.ts', find: 'journal: 200_000,', replace: 'journal: 2,' }

/** Changes that must NOT be noticed: they show that a mutant fails for what it is, not for the way it is run. */
export const harmless: readonly Mutant[] = [
  { name: 'nothing changed', patches: [] },
  { name: 'tiny journals', patches: [tinyJournal] },
]

export const mutants: readonly Mutant[] = [
  {
    name: 'rows of a position of the stream taken in before it is reached',
    patches: [
      {
        file: 'src/core/barrier.ts',
        find: '    this.#target = at\n',
        replace: '    this.#target = at === undefined ? undefined : new Map()\n',
      },
    ],
  },
  {
    name: 'no journal',
    patches: [
      {
        file: board,
        find: 'if (this.#held.get(key) === undefined && !journal.has(key)) this.#admit(key, image, es)',
        replace: 'if (this.#held.get(key) === undefined) this.#admit(key, image, es)',
      },
    ],
  },
  {
    name: 'journal begun after the query',
    patches: [
      { file: keeper, find: '      reading.journal = this.#feed.openJournal(this.spec.table.id)\n', replace: '' },
      {
        file: keeper,
        find: "    reading.stage = 'aside'\n",
        replace: "    reading.stage = 'aside'\n    reading.journal = this.#feed.openJournal(this.spec.table.id)\n",
      },
    ],
  },
  {
    name: 'floor not moved when the worst row is dropped',
    patches: [{ file: board, find: '      this.#below = worst\n', replace: '' }],
  },
  {
    name: 'early merge without freezing',
    patches: [
      tinyJournal,
      { file: keeper, find: "if (this.#ahead) return 'refilling past the journal limit'", replace: '' },
    ],
  },
  {
    name: 'merge at the answer instead of at the barrier',
    patches: [
      {
        file: keeper,
        find: "if (reading.stage === 'aside' && reading.barrier?.passed === true) this.#finish(reading)",
        replace: "if (reading.stage === 'aside') this.#finish(reading)",
      },
    ],
  },
  {
    name: 'heal by merging into the live board',
    patches: [
      {
        file: keeper,
        find: 'const board = reading.shadow ?? this.#live',
        replace: "const board = reading.cause === 'heal' ? this.#live : (reading.shadow ?? this.#live)",
      },
      {
        file: keeper,
        find: '      this.#live = reading.shadow\n',
        replace: "      if (reading.cause !== 'heal') this.#live = reading.shadow\n",
      },
    ],
  },
  {
    name: 'a rebuild not restarted by a new refusal',
    patches: [
      {
        file: keeper,
        find: '    this.#drop()\n    this.#wanted = this.#live.below',
        replace: '    this.#wanted = this.#live.below',
      },
    ],
  },
  {
    name: 'TRUNCATE leaves the query in flight',
    patches: [
      { file: keeper, find: '    this.#drop()\n    this.#live.clear()\n', replace: '    this.#live.clear()\n' },
    ],
  },
  {
    name: 'a rebuild without the barrier on all partitions',
    patches: [
      {
        file: keeper,
        find: 'const barrier = this.#barrierFirst ? this.#barrier() : undefined',
        replace: 'const barrier = undefined',
      },
    ],
  },
  {
    name: 'publish without the version check',
    patches: [
      {
        file: 'test/support/memory-board-store.ts',
        find: 'if (board.version === base) return undefined',
        replace: 'if (base >= 0) return undefined',
      },
    ],
  },
  {
    name: 'publish without the fence',
    patches: [
      {
        file: 'test/support/memory-board-store.ts',
        find: 'if (board.epoch !== epoch || board.owner !== this.#owner) return',
        replace: 'if (epoch < 0) return',
      },
    ],
  },
  {
    name: 'a short board published',
    patches: [
      {
        file: board,
        find: "return this.#below === 'nothing' || this.#held.size >= this.spec.size",
        replace: "return this.#below !== 'everything'",
      },
    ],
  },
  {
    name: 'a warm board does not wait for the stream to come up',
    patches: [
      {
        file: keeper,
        find: '    this.#catchUp = positions\n    this.#proof = proof\n',
        replace: '    this.#proof = proof\n',
      },
    ],
  },
  {
    name: 'a rewind that freezes nothing',
    patches: [
      { file: keeper, find: 'hindranceOf(this.#feed, ', replace: "hindranceOf({ heldUp: '', rewinding: false }, " },
    ],
  },
  {
    name: 'complete not written',
    patches: [
      {
        file: 'src/operators/due-publish.ts',
        find: 'complete: content.complete,',
        replace: 'complete: false,',
      },
    ],
  },
  {
    name: 'complete written always',
    patches: [
      { file: 'src/operators/due-publish.ts', find: 'complete: content.complete,', replace: 'complete: true,' },
    ],
  },
  {
    name: 'commit before publish',
    patches: [
      {
        file: 'pipelines/board.ts',
        find: '    publishBoards(ports.publishing),\n',
        replace:
          '    commitPublished(ports.source, ports.publishing.published.groups, () => ports.keeping.scheduler.now()),\n    publishBoards(ports.publishing),\n',
      },
    ],
  },
  {
    name: 'a heartbeat believed of any version',
    patches: [
      {
        file: 'src/operators/restore-boards.ts',
        find: 'confirmed.versions.get(board) === version ? confirmed.positions : undefined',
        replace: 'version >= 0 ? confirmed.positions : undefined',
      },
    ],
  },
  {
    name: 'the source waits until boards may be published',
    patches: [
      {
        file: 'src/operators/keep-boards.ts',
        find: '        release()\n',
        replace: '        if (feed.snapshot().boards.every(({ current }) => current)) release()\n',
      },
    ],
  },
  {
    name: 'a batch goes on although its dead letters were not written',
    patches: [
      {
        file: 'src/operators/write-letters.ts',
        find: '    retry(),\n',
        replace: '    catchError(() => EMPTY),\n',
      },
      {
        file: 'src/operators/write-letters.ts',
        find: '  defer,\n  ignoreElements,',
        replace: '  defer,\n  EMPTY,\n  ignoreElements,',
      },
    ],
  },
  {
    name: 'a marker of one partition taken for all',
    patches: [
      {
        file: 'src/core/feed-pulse.ts',
        find: 'if (partitions === 1) this.#prove(at)',
        replace: 'if (partitions > 0) this.#prove(at)',
      },
    ],
  },
  {
    name: 'boards confirmed as of now instead of as of what is proven',
    patches: [
      {
        file: 'src/operators/confirm-published.ts',
        find: 'const { provenAt: at = 0 } = snapshot',
        replace: 'const at = snapshot.provenAt ? snapshot.provenAt + 5_000 : 0',
      },
    ],
  },
  {
    name: 'a control that bounds nothing',
    patches: [{ file: 'src/core/newest-per-key.ts', find: '      open = undefined\n', replace: '' }],
  },
  {
    name: 'a window keeps the oldest image of a key',
    patches: [
      {
        file: 'src/core/newest-per-key.ts',
        find: '    after: change.after,',
        replace: '    after: first === undefined ? change.after : first.after,',
      },
    ],
  },
  {
    name: 'groups found by what a row was before',
    patches: [
      {
        file: groups,
        find: '  apply({ key, after, es = Number.POSITIVE_INFINITY }: FoldedChange): boolean {',
        replace: '  apply({ key, after, before, es = Number.POSITIVE_INFINITY }: FoldedChange): boolean {',
      },
      {
        file: groups,
        find: 'const holder = this.#kind.holders.get(key)\n    if',
        replace: "const holder = this.#byValue.get(before?.[this.#per] ?? '')\n    if",
      },
    ],
  },
  {
    name: 'a journal a group',
    patches: [
      {
        file: 'src/core/group-journals.ts',
        find: 'has: (key) => this.#journal.has(key)',
        replace: 'has: (key) => entries.some(([touched]) => touched === key)',
      },
    ],
  },
  {
    name: 'pending values taken for new ones',
    patches: [{ file: groups, find: "this.filled ? 'nothing' : 'everything'", replace: "'nothing'" }],
  },
  {
    name: 'groups that no range has answered taken for read',
    patches: [
      { file: reader, find: "cause === 'audit' ? this.#generations : 0", replace: 'this.#generations' },
      { file: groups, find: "below === 'everything' ? 0 : this.generation", replace: 'this.generation' },
    ],
  },
  {
    name: 'a split board healed before its generation is done',
    patches: [
      {
        file: reader,
        find: '    if (!generation.ranged) return\n',
        replace: '    this.#board.rebuilt(generation)\n    if (!generation.ranged) return\n',
      },
    ],
  },
  {
    name: 'gone groups not swept',
    patches: [
      {
        file: generation,
        find: '[...all()].filter(({ generation }) => generation < this.number)',
        replace: '[...all()].filter(({ generation, told }) => generation < this.number && !told)',
      },
    ],
  },
  {
    name: 'a split board called filled before the pending groups are read',
    patches: [
      {
        file: reader,
        find: '    this.#groups.generation = generation.number\n',
        replace: '    this.#groups.generation = generation.number\n    this.#board.rebuilt(generation)\n',
      },
    ],
  },
  {
    name: 'a key held by two groups after a warm start',
    patches: [{ file: group, find: '      other.apply(key, null, Number.POSITIVE_INFINITY)\n', replace: '' }],
  },
  {
    name: 'groups merged early without freezing',
    patches: [
      tinyJournal,
      { file: reader, find: '    for (const group of this.#ahead) group.ahead = true\n', replace: '' },
    ],
  },
  {
    name: 'groups that an early merge takes a row from go on as exact',
    patches: [
      tinyJournal,
      {
        file: reader,
        find: 'this.#ahead = [...this.#groups.touched]\n',
        replace: 'this.#ahead = [...this.#groups.touched].filter(({ value }) => reading.rows?.groups.has(value))\n',
      },
    ],
  },
  {
    name: 'groups merged at the answer instead of at the barrier',
    patches: [
      {
        file: reading,
        find: 'if (this.#barrier?.passed === true) return',
        replace: 'if (this.#rows !== undefined) return',
      },
    ],
  },
  {
    name: 'a generation that goes on after a refusal',
    patches: [
      {
        file: split,
        find: "    this.#reader.restart(this.#groups.filled ? 'heal' : 'fill', this.#feed.now + pause)\n",
        replace:
          "    if (!this.#reader.isRebuilding) this.#reader.restart(this.#groups.filled ? 'heal' : 'fill', this.#feed.now + pause)\n",
      },
    ],
  },
  {
    name: 'TRUNCATE leaves the groups in flight',
    patches: [
      { file: split, find: '    this.#reader.restart(undefined)\n    this.#reader.unread = []\n', replace: '' },
    ],
  },
  {
    name: 'a generation without the barrier on all partitions',
    patches: [{ file: reader, find: 'cause, query, this.barrierFirst)', replace: 'cause, query, false)' }],
  },
  {
    name: 'warm groups do not wait for the stream to come up',
    patches: [{ file: split, find: '    this.#catchUp = catchUp\n', replace: '' }],
  },
  {
    name: 'a rewind that freezes no group',
    patches: [
      {
        file: split,
        find: 'return hindranceOf(this.#feed, ',
        replace: "return hindranceOf({ heldUp: '', rewinding: false }, ",
      },
    ],
  },
  {
    name: 'short groups not told',
    patches: [
      {
        file: split,
        find: 'group.behind = { positions: this.#heldAt, since: this.#feed.now }\n      this.#news.add(group)\n',
        replace: 'group.behind = { positions: this.#heldAt, since: this.#feed.now }\n',
      },
    ],
  },
  {
    name: 'the content of a short group said to be of now',
    patches: [
      {
        file: 'src/core/split-news.ts',
        find: 'positions: behind?.positions ?? heldAt',
        replace: 'positions: heldAt',
      },
    ],
  },
  {
    name: 'the filter not asked of rows that were read',
    patches: [
      {
        file: board,
        find: 'if (place === undefined || !this.#ranking.accepts(image)) return',
        replace: 'if (place === undefined) return',
      },
    ],
  },
  {
    name: 'the filter not asked of rows that change',
    patches: [
      { file: board, find: '    if (!this.#ranking.accepts(image)) return this.#forget(before)\n', replace: '' },
    ],
  },
  {
    name: 'a row that leaves the filter stays',
    patches: [
      {
        file: board,
        find: 'if (!this.#ranking.accepts(image)) return this.#forget(before)',
        replace: "if (!this.#ranking.accepts(image)) return 'passed'",
      },
    ],
  },
]
