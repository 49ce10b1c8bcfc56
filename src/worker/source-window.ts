/** What a Kafka client hands on at a time: small and prompt, since the pipelines' windows gather several. */
export const sourceWindow = { events: 2_000, bytes: 16 * 1024 * 1024, time: 5 }

/**
 * What a counter is handed at a time: batches are joined to windows and not split, so that a window without backlog holds
 * less than two of `window.events`.
 */
export const countedWindow = ({ events }: { readonly events: number }): typeof sourceWindow => ({
  ...sourceWindow,
  events: Math.min(events, sourceWindow.events),
})
