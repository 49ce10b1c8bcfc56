/** Waits until the condition holds, looking every few ms; fails after `limit` ms, saying what it waited for. */
export const until = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  limit = 10_000,
): Promise<void> => {
  const end = performance.now() + limit
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${limit} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
