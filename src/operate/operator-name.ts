import { hostname, userInfo } from 'node:os'

/** Who gives a command: `alice@pod-1`, or the number of a user who has no name, as containers have it. */
export const operatorName = (): string => {
  const user = (): string => {
    try {
      return userInfo().username
    } catch {
      return String(process.getuid?.() ?? 'unknown')
    }
  }
  return `${user()}@${hostname()}`
}
