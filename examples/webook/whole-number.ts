/** Ids and counts as decimal texts: a JavaScript number would round what is past 2^53. */

const largest = 2n ** 64n - 1n

export const wholeNumbers = `a whole number from 0 to ${largest}`

/** Whether a text is one of them, without leading zeros: one number has one text. */
export const isWholeNumber = (text: string): boolean => /^(?:0|[1-9]\d{0,19})$/.test(text) && BigInt(text) <= largest

/** As JSON: a number while every reader can hold it exactly, else a string. */
export const wholeNumberJson = (text: string): string =>
  BigInt(text) <= BigInt(Number.MAX_SAFE_INTEGER) ? text : JSON.stringify(text)
