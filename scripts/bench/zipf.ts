/** Items as readers choose them: the n-th most popular of `items` is chosen in proportion to 1 / n^exponent. */
export const zipfDraw = (items: number, exponent: number, random: () => number): (() => number) => {
  const upTo = new Float64Array(items)
  let sum = 0
  for (let n = 0; n < items; n++) {
    sum += (n + 1) ** -exponent
    upTo[n] = sum
  }
  return () => {
    const point = random() * sum
    let [low, high] = [0, items - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((upTo[middle] ?? 0) < point) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Numbers from 0 to 1 from a seed (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
