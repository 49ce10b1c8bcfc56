#!/usr/bin/env bash
# mariadb.sh start|stop|kill|pause|resume|status. Debian's own MariaDB with the binlog settings that Canal needs.
# Every commit is on disk before it is acknowledged (sync_binlog, flush_log): a killed server loses nothing it confirmed.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=stack-directory.sh
source "$here/stack-directory.sh"
# shellcheck source=process.sh
source "$here/process.sh"

home=$RANKTIDE_STACK/mariadb
as_root() { mariadb --no-defaults -uroot -S "$home/socket" "$@"; }
answers() { as_root -e 'SELECT 1' >/dev/null 2>&1; }

start() {
  process_alive mariadb && return 0
  local user=()
  [ "$(id -u)" != 0 ] || user=(--user=root)
  if [ ! -d "$home/data/mysql" ]; then
    mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db --datadir="$home/data" \
      "${user[@]}" >"$home/install.log" 2>&1 || { tail -n 20 "$home/install.log" >&2; fail 'MariaDB: no data directory'; }
  fi
  process_start mariadb mariadbd --no-defaults "${user[@]}" --datadir="$home/data" --socket="$home/socket" \
    --pid-file="$home/server.pid" --port="$(port_of mariadb)" --bind-address=127.0.0.1 --skip-name-resolve \
    --server-id=101 --log-bin=mariadb-bin --binlog-format=ROW --binlog-row-image=FULL --sync-binlog=1 \
    --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=64M --performance-schema=OFF \
    --character-set-server=utf8mb4 --collation-server=utf8mb4_general_ci --default-time-zone=+00:00
  process_wait mariadb 60 answers
  as_root <"$here/database-users.sql"
}

if [ "${1:?what to do with mariadb}" = start ]; then start; else process_command mariadb "$1"; fi
