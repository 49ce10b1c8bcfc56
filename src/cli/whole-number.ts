/** The value of an option that is a whole number within bounds. */
import { InvalidArgumentError } from 'commander'

export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`Allowed: a whole number from ${least} to ${most}.`)
  }
