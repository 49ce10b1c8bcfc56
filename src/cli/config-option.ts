/** The option by which every command that reads the configuration is told where it is. */
import { Option } from 'commander'

export const defaultFile = 'ranktide.yaml'

export const configOption = (): Option => new Option('-c, --config <file>', 'the configuration').default(defaultFile)
