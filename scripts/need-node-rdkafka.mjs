// Before a build: node-rdkafka is optional for npm, which leaves it out without a word where it does not compile. The
// compiler would then report its missing types, in a dozen places.
import { existsSync } from 'node:fs'

if (!existsSync(new URL('../node_modules/node-rdkafka', import.meta.url))) {
  console.error(`node-rdkafka is not installed: npm leaves it out where it does not compile.
To compile it: a C++ compiler, make, python3 and the headers that the README names, then npm ci.
To build without it (everything works but what reads a Kafka): npm ci --ignore-scripts`)
  process.exit(1)
}
