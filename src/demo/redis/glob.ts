/** Redis' patterns of keys and channels: `*`, `?`, `[abc]`, and `\` before a character that stands for itself. */
export const globMatches = (glob: string, text: string): boolean => new RegExp(`^${patternOf(glob)}$`, 's').test(text)

const patternOf = (glob: string): string =>
  glob.replaceAll(/\\(.)|\[([^\]]*)\]|[\s\S]/g, (part, escaped: string | undefined, set: string | undefined) => {
    if (escaped !== undefined) return literal(escaped)
    if (set !== undefined)
      return `[${set.startsWith('^') ? '^' : ''}${literal(set.replace(/^\^/, '')).replaceAll('\\-', '-')}]`
    return part === '*' ? '.*' : part === '?' ? '.' : literal(part)
  })

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
