/** What a Kafka client hands on at a time: small and prompt, since the pipelines' windows gather several. */
export const sourceWindow = { events: 2_000, bytes: 16 * 1024 * 1024, time: 5 }
