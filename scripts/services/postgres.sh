#!/usr/bin/env bash
# postgres.sh start|stop|kill|pause|resume|status. Debian's own Postgres, with the server's default durability: a commit is
# on disk before it is acknowledged. Sorting is a language's and the time zone is not UTC, as on most servers of users: what
# rests on the order of bytes or on UTC has to say so itself.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=stack-directory.sh
source "$here/stack-directory.sh"
# shellcheck source=process.sh
source "$here/process.sh"

home=$RANKTIDE_STACK/postgres

# The server's own programs, of the newest version; Debian does not put them into PATH.
programs=$(compgen -G '/usr/lib/postgresql/*/bin/postgres' | sort -V | tail -n 1 || command -v postgres || true)
programs=${programs%/*}

# Postgres refuses to run as root. Its user does not have to be let into the directories above the data: the one capability
# does that.
as=()
[ "$(id -u)" != 0 ] || as=(setpriv --reuid=postgres --regid=postgres --clear-groups
  --inh-caps=+dac_override --ambient-caps=+dac_override)

as_superuser() {
  PGPASSWORD=postgres PGCONNECT_TIMEOUT=5 "$programs/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$(port_of postgres)" \
    -U postgres "$@"
}
answers() { as_superuser -d postgres -c 'SELECT 1' >/dev/null 2>&1; }

# Every process of the server: the first has its data directory as an argument, and so have its children, each in a session
# of its own, until they put the cluster's name into their titles.
cluster=ranktide-$(port_of postgres)
members() {
  {
    grep -zlsxF -e "$home/data" /proc/[0-9]*/cmdline || true
    grep -zls "^postgres: $cluster: " /proc/[0-9]*/cmdline || true
  } | sed 's|^/proc/||; s|/cmdline$||'
}
signal_members() {
  local pid
  for pid in $(members); do kill "-$1" "$pid" 2>/dev/null || true; done
}

# Children outlive a killed server for a moment and hold its shared memory, without which it does not start again.
end_rest() {
  local deadline=$((SECONDS + 10))
  until [ -z "$(members)" ]; do
    [ "$SECONDS" -lt "$deadline" ] || fail 'processes of Postgres could not be killed'
    signal_members KILL
    sleep 0.05
  done
}

initialize() {
  [ -n "$programs" ] || fail 'Postgres is not installed: scripts/services/install postgres'
  mkdir -p "$home/data"
  [ ${#as[@]} = 0 ] || chown postgres: "$home/data"
  (
    cd "$home/data"
    "${as[@]}" "$programs/initdb" -D "$home/data" --username=postgres --pwfile=<(echo postgres) --auth=scram-sha-256 \
      --encoding=UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US
  ) >"$home/install.log" 2>&1 || { tail -n 20 "$home/install.log" >&2; fail 'Postgres: no data directory'; }
}

# The databases and users that the tests expect; run at every start, so it changes nothing that is there.
write_users() {
  as_superuser -d postgres >"$home/users.log" 2>&1 <<'SQL' || { tail -n 20 "$home/users.log" >&2; fail 'Postgres: no users'; }
SELECT 'CREATE ROLE app LOGIN CREATEDB CREATEROLE' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') \gexec
ALTER ROLE app PASSWORD 'app';
SELECT 'CREATE ROLE reader LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') \gexec
ALTER ROLE reader PASSWORD 'reader';
GRANT pg_read_all_data TO reader;
SELECT 'CREATE DATABASE webook OWNER app' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'webook') \gexec
SQL
}

start() {
  process_alive postgres && return 0
  [ -f "$home/data/PG_VERSION" ] || initialize
  end_rest
  # A killed server leaves its lock with a pid that a zombie may still have: Postgres would refuse to start.
  rm -f "$home/data/postmaster.pid"
  process_start postgres "${as[@]}" "$programs/postgres" -D "$home/data" -p "$(port_of postgres)" -h 127.0.0.1 -k '' \
    -c max_connections=100 -c shared_buffers=64MB -c timezone=Asia/Shanghai \
    -c cluster_name="$cluster"
  process_wait postgres 60 answers
  write_users
}

# SIGTERM would wait for clients to leave.
stop() {
  process_alive postgres || return 0
  local pid
  pid=$(cat "$home/pid")
  kill -INT "$pid" 2>/dev/null || true
  signal_members CONT
  process_gone "$pid" 30 || process_kill postgres
  end_rest
}

case ${1:?what to do with postgres} in
  start) start ;;
  stop) stop ;;
  kill) process_kill postgres && end_rest ;;
  pause | resume)
    process_alive postgres || fail 'postgres is not running'
    if [ "$1" = pause ]; then signal_members STOP; else signal_members CONT; fi
    ;;
  *) process_command postgres "$1" ;;
esac
