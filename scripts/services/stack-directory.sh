# shellcheck shell=bash
# Sourced by every script here. Where a stack lives and which ports it has.
#
# One stack = one directory, $RANKTIDE_STACK, with a directory for each server the stack runs itself:
#   NAME/port   its port, chosen once and kept over restarts      NAME/pid   the process, see process.sh
#   NAME/log    what it printed, appended over restarts           env        `export NAME=value` lines for the tests
# A server without NAME/port is not ours: RANKTIDE_TEST_NAME says where it is, and nothing here touches it.

: "${RANKTIDE_STACK:?the stack directory: set it, or start a stack with scripts/services/up}"
export SERVICES
SERVICES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export CACHE=${RANKTIDE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ranktide}

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# The port of a server of this stack: `port_of kafka`.
port_of() { cat "$RANKTIDE_STACK/$1/port"; }

# Is this server run by this stack? (Else an environment variable points to one that somebody else runs.)
ours() { [ -f "$RANKTIDE_STACK/$1/port" ]; }

# Prints $1 free ports. They lie below the ephemeral range (32768 and up), from which any outgoing connection on this
# machine could take the port of a server while a test has it stopped. All are held until the last is found, so no two
# are equal.
free_ports() {
  node -e '
    const net = require("node:net")
    const wanted = Number(process.argv[1]), held = []
    const next = () => {
      if (held.length === wanted) {
        console.log(held.map((server) => server.address().port).join(" "))
        for (const server of held) server.close()
        return
      }
      const server = net.createServer()
      server.once("error", next)
      server.listen(20000 + Math.floor(Math.random() * 12000), "127.0.0.1", () => { held.push(server); next() })
    }
    next()' "$1"
}

# Where a database listens, "host port": from its RANKTIDE_TEST_ URL if it is not ours.
database_address() {
  if ours "$1"; then
    echo "127.0.0.1 $(port_of "$1")"
    return
  fi
  local name=RANKTIDE_TEST_${1^^}
  node -e 'const url = new URL(process.argv[1]); console.log(url.hostname, url.port || 3306)' "${!name:?no $1 in this stack}"
}

kafka_address() {
  if ours kafka; then echo "127.0.0.1:$(port_of kafka)"; else echo "${RANKTIDE_TEST_KAFKA:?no Kafka in this stack}"; fi
}
