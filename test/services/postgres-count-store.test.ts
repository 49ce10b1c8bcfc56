// The stores of counts and histories on a real Postgres: the suite of all of them, and what only a server can do to them.
import { batchStoreConformance } from '../conformance/batch-store.js'
import { openPostgresWorld } from '../support/postgres-batch-world.js'
import { openPostgresSandbox } from '../support/postgres-sandbox.js'

batchStoreConformance('postgres', async () => openPostgresWorld(await openPostgresSandbox('batches')))
