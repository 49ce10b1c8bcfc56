#!/usr/bin/env bash
# mysql.sh start|stop|kill|pause|resume|status. A real MySQL, unpacked from Debian sid (downloads.sh).
# Commits are durable as in mariadb.sh; the doublewrite buffer is off, which matters only for a torn page after a power cut.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=stack-directory.sh
source "$here/stack-directory.sh"
# shellcheck source=process.sh
source "$here/process.sh"
# shellcheck source=downloads.sh
source "$here/downloads.sh"

home=$RANKTIDE_STACK/mysql
as_root() { mariadb --no-defaults -uroot -S "$home/socket" "$@"; }
answers() { as_root -e 'SELECT 1' >/dev/null 2>&1; }

start() {
  process_alive mysql && return 0
  mysql_tree
  local loader libraries user=()
  [ "$(id -u)" != 0 ] || user=(--user=root)
  loader=$(echo "$MYSQL_TREE"/usr/lib/*-linux-gnu/ld-linux-*.so.*)
  libraries=$(dirname "$loader")
  local server=("$loader" --library-path "$libraries" "$MYSQL_TREE/usr/sbin/mysqld" --no-defaults "${user[@]}"
    --basedir="$MYSQL_TREE/usr" --datadir="$home/data" --lc-messages-dir="$MYSQL_TREE/usr/share/mysql"
    --character-sets-dir="$MYSQL_TREE/usr/share/mysql/charsets" --plugin-dir="$MYSQL_TREE/usr/lib/mysql/plugin"
    --secure-file-priv=)
  # Legacy cipher modules are looked up beside the host's own OpenSSL unless told otherwise.
  export OPENSSL_MODULES=$libraries/ossl-modules
  if [ ! -d "$home/data/mysql" ]; then
    "${server[@]}" --initialize-insecure >"$home/install.log" 2>&1 ||
      { tail -n 20 "$home/install.log" >&2; fail 'MySQL: no data directory'; }
  fi
  # A killed mysqld leaves its lock with a pid that a zombie may still have: mysqld would refuse to start.
  rm -f "$home/socket" "$home/socket.lock"
  process_start mysql "${server[@]}" --socket="$home/socket" --pid-file="$home/server.pid" \
    --port="$(port_of mysql)" --bind-address=127.0.0.1 --mysqlx=OFF --skip-name-resolve \
    --server-id=102 --log-bin=mysql-bin --binlog-format=ROW --binlog-row-image=FULL --sync-binlog=1 \
    --innodb-flush-log-at-trx-commit=1 --innodb-doublewrite=0 --innodb-buffer-pool-size=64M \
    --innodb-redo-log-capacity=33554432 --performance-schema=OFF --default-time-zone=+00:00
  process_wait mysql 60 answers
  as_root <"$here/database-users.sql"
}

if [ "${1:?what to do with mysql}" = start ]; then start; else process_command mysql "$1"; fi
