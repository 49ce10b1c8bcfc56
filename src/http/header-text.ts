const percentEncoded = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')

/** Text as a header may carry it: visible ASCII and inner spaces; all else, and `%`, percent-encoded as UTF-8. */
export const headerText = (text: string): string => text.trim().replace(/[^\x20-\x7e]|%/gu, percentEncoded)
