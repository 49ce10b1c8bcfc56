// The stores of counts and histories on real servers: the suite of all of them, and what only a server can do to them.
import { batchStoreConformance } from '../conformance/batch-store.js'
import { openMysqlWorld } from '../support/mysql-batch-world.js'
import { databaseNames, openSandbox } from '../support/mysql-sandbox.js'

for (const name of databaseNames) {
  batchStoreConformance(name, async () => {
    const sandbox = await openSandbox(name, 'batches')
    const world = await openMysqlWorld(sandbox)
    return {
      ...world,
      close: async () => {
        await world.close()
        await sandbox.close()
      },
    }
  })
}
