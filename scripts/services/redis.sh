#!/usr/bin/env bash
# redis.sh start|stop|kill|pause|resume|status. Nothing is kept on disk: a restarted Redis is empty.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=stack-directory.sh
source "$here/stack-directory.sh"
# shellcheck source=process.sh
source "$here/process.sh"

answers() { redis-cli -h 127.0.0.1 -p "$(port_of redis)" ping >/dev/null 2>&1; }

start() {
  process_alive redis && return 0
  process_start redis redis-server --port "$(port_of redis)" --bind 127.0.0.1 --save "" --appendonly no --daemonize no
  process_wait redis 20 answers
}

if [ "${1:?what to do with redis}" = start ]; then start; else process_command redis "$1"; fi
