import type { KafkaAddress, KafkaProperties } from './kafka-properties.js'

/** The brokers of a configuration, for who goes by the name of its group, or of `group`. */
export const kafkaAddress = (
  kafka: { readonly brokers: readonly string[]; readonly group: string; readonly client: KafkaProperties },
  group = kafka.group,
): KafkaAddress => ({ brokers: kafka.brokers.join(','), group, client: kafka.client })
