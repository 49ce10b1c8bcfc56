/** The stretches of time in which something was broken on purpose, and what that excuses. Times are ms, monotonic. */

/** What a reader asks directly: a fault of it excuses reads that fail there. */
export type Asked = 'http' | 'redis'

export interface FaultWindow {
  readonly name: string
  /** What readers cannot expect an answer from meanwhile. */
  readonly away: Asked | undefined
  /** Whether readers may be told that boards are not current meanwhile: whether it is an outage to them. */
  readonly felt: boolean
  readonly began: number
  /** When what was broken was whole again; undefined: it is not yet. */
  ended: number | undefined
  /** When readers were served as before, or should have been; undefined: not yet. */
  closed: number | undefined
}

export class Outages {
  readonly windows: FaultWindow[] = []

  begin(fault: Pick<FaultWindow, 'name' | 'away' | 'felt'>, at: number): FaultWindow {
    const { name, away, felt } = fault
    const window: FaultWindow = { name, away, felt, began: at, ended: undefined, closed: undefined }
    this.windows.push(window)
    return window
  }

  /** The window in which a read lies, wholly or in part; the newest one if there are several. */
  during(began: number, ended: number): FaultWindow | undefined {
    return this.windows.findLast((window) => window.began <= ended && (window.closed ?? ended) >= began)
  }

  /** The same, if that is an outage to readers. */
  felt(began: number, ended: number): FaultWindow | undefined {
    const window = this.during(began, ended)
    return window?.felt === true ? window : undefined
  }

  /** Since when, without a moment in between, something has been broken or recovering. */
  brokenSince(window: FaultWindow): number {
    const at = this.windows.indexOf(window)
    const before = this.windows[at - 1]
    if (before === undefined || (before.closed ?? window.began) < window.began) return window.began
    return this.brokenSince(before)
  }
}
