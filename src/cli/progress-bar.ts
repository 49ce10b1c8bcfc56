/** A progress bar on standard error: quiet where that is not a terminal, so that logs and pipes get nothing of it. */
import cliProgress from 'cli-progress'

// CommonJS: its names cannot be imported one by one.
const { Format, SingleBar } = cliProgress

export interface Progress {
  /** In whatever unit. */
  readonly done: number
  readonly total: number
  /** What the rate counts. */
  readonly messages: number
}

export interface ProgressBar {
  tell(progress: Progress): void
  /** Takes it off the screen. */
  end(): void
}

const silent: ProgressBar = { tell: () => {}, end: () => {} }

const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** `12 s`, `3 min 20 s`, `2 h 5 min` */
export const inWords = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return '?'
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
}

/** `clock`: ms; the rate and what is left are of this run, whatever was done before it. */
export const progressBar = (
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean },
  clock: () => number = () => performance.now(),
): ProgressBar => {
  if (stream.isTTY !== true) return silent
  const bar = new SingleBar({
    stream,
    format: (options, { progress }, { messages, rate, left }) =>
      `${Format.BarFormat(progress, options)} ${Math.floor(progress * 100)} %  ${messages} messages  ${rate}/s  ${left} left`,
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    linewrap: false,
  })
  let first: { readonly at: number; readonly done: number; readonly messages: number } | undefined
  return {
    tell: ({ done, total, messages }) => {
      const at = clock()
      if (first === undefined) {
        first = { at, done, messages }
        bar.start(Math.max(1, total), done, { messages: count(messages), rate: '?', left: '?' })
        return
      }
      const seconds = (at - first.at) / 1_000
      const pace = (done - first.done) / seconds
      bar.update(done, {
        messages: count(messages),
        rate: count((messages - first.messages) / seconds),
        left: inWords((total - done) / pace),
      })
    },
    end: () => bar.stop(),
  }
}
