/** What the demo's worker has done so far, read from its metrics as any monitoring would. */
import { counterIn } from './board-client.js'
import type { Counts } from './board-screen.js'

/** Zeros where no worker answers at the address. */
export const countsAt = async (address: string): Promise<Counts> => {
  const metrics = await fetch(`${address}/metrics`).then(
    (response) => response.text(),
    () => '',
  )
  return {
    messages: counterIn(metrics, 'ranktide_messages_total'),
    publishes: counterIn(metrics, 'ranktide_publishes_total'),
    refills: counterIn(metrics, 'ranktide_refills_total'),
    counted: counterIn(metrics, 'ranktide_counter_events_total'),
    transactions: counterIn(metrics, 'ranktide_counter_transactions_total'),
  }
}
