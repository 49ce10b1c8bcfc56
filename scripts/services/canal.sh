#!/usr/bin/env bash
# canal.sh start|stop|kill|pause|resume|status
# canal.sh position DESTINATION                prints "FILE POSITION": up to where it has sent the binlog
# canal.sh rewind DESTINATION FILE POSITION    restarts Canal with that destination at an older place: it sends all since again
# One Canal 1.1.7 with the destinations of canal-destinations, from Maven's jars by the launcher beside this file.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=stack-directory.sh
source "$here/stack-directory.sh"
# shellcheck source=process.sh
source "$here/process.sh"
# shellcheck source=downloads.sh
source "$here/downloads.sh"

home=$RANKTIDE_STACK/canal

destinations() {
  [ -f "$home/destinations" ] || cp "$here/canal-destinations" "$home/destinations"
  local name database topic partitions filter
  while read -r name database topic partitions filter; do
    case $name in '' | \#*) continue ;; esac
    # Not `&&`: a destination that is left out at the end of the list would be this function's failure.
    if database_wanted "$database"; then echo "$name $database $topic $partitions $filter"; fi
  done <"$home/destinations"
}

# A stack need not have both databases.
database_wanted() {
  local variable=RANKTIDE_TEST_${1^^}
  ours "$1" || [ -n "${!variable:-}" ]
}

# The newest place in a database's binlog, "FILE POSITION". MySQL has dropped MariaDB's (and its own old) statement.
binlog_end() {
  local host port statement
  read -r host port < <(database_address "$1")
  for statement in 'SHOW BINARY LOG STATUS' 'SHOW MASTER STATUS'; do
    mariadb --no-defaults --protocol=tcp -h "$host" -P "$port" -ucanal -pcanal -N -e "$statement" 2>/dev/null |
      awk '{print $1, $2; found = 1} END {exit !found}' && return 0
  done
  fail "canal: cannot read the binlog position of $1 at $host:$port as user canal"
}

# Written once per destination: from then on meta.dat says where it is. The start position is given because Canal 1.1.7
# asks for it by a statement that MySQL 9 no longer knows.
write_destination() {
  local name=$1 database=$2 topic=$3 partitions=$4 filter=$5 host port file position
  [ ! -f "$home/conf/$name/instance.properties" ] || return 0
  read -r host port < <(database_address "$database")
  local end
  end=$(binlog_end "$database")
  read -r file position <<<"$end"
  mkdir -p "$home/conf/$name"
  {
    echo "canal.instance.master.address=$host:$port"
    echo "canal.instance.master.journal.name=$file"
    echo "canal.instance.master.position=$position"
    echo "canal.instance.filter.regex=$filter"
    echo "canal.mq.topic=$topic"
    if [ "$partitions" = 1 ]; then
      echo 'canal.mq.partition=0'
    else
      echo "canal.mq.partitionsNum=$partitions"
      # shellcheck disable=SC2016 # Canal's own word for "the primary key"
      printf '%s\n' 'canal.mq.partitionHash=.*\\..*:$pk$'
    fi
  } >"$home/conf/$name/instance.properties.new"
  mv "$home/conf/$name/instance.properties.new" "$home/conf/$name/instance.properties"
}

write_settings() {
  cat >"$home/conf/canal.properties" <<P
canal.serverMode=kafka
canal.destinations=$1
canal.mq.flatMessage=true
canal.mq.canalBatchSize=50
canal.mq.canalGetTimeout=100
canal.mq.accessChannel=local
canal.mq.database.hash=true
canal.mq.send.thread.size=4
canal.mq.build.thread.size=2
kafka.bootstrap.servers=$(kafka_address)
kafka.acks=all
kafka.compression.type=none
kafka.batch.size=16384
kafka.linger.ms=1
kafka.max.request.size=1048576
kafka.buffer.memory=33554432
kafka.max.in.flight.requests.per.connection=1
kafka.retries=0
P
  cat >"$home/conf/logback.xml" <<'P'
<configuration><appender name="C" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%d{HH:mm:ss.SSS} [%X{destination}] %-5level %logger{30} - %msg%n</pattern></encoder></appender>
<root level="WARN"><appender-ref ref="C"/></root><logger name="com.alibaba.otter.canal" level="INFO"/></configuration>
P
}

# Every destination whose database answers has found its place; one whose database is down goes on trying by itself.
following() { [ "$(times_found)" -ge $((found_before + expected)) ]; }
times_found() { grep -c 'find start position successfully' "$home/log" 2>/dev/null || true; }

start() {
  process_alive canal && return 0
  kafka_jars
  canal_jars
  launcher_classes
  mkdir -p "$home/conf"
  ln -sfn "$CANAL_PLUGIN" "$home/plugin"
  local name database topic partitions filter names='' host port all
  all=$(destinations)
  expected=0
  : >"$home/topics"
  while read -r name database topic partitions filter; do
    write_destination "$name" "$database" "$topic" "$partitions" "$filter"
    names=$names${names:+,}$name
    echo "$topic $partitions" >>"$home/topics"
    read -r host port < <(database_address "$database")
    if (: <"/dev/tcp/$host/$port") 2>/dev/null; then expected=$((expected + 1)); fi
  done <<<"$all"
  [ -n "$names" ] || fail 'canal: no database to follow'
  write_settings "$names"
  java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx64m -cp "$LAUNCHER_CLASSES:$KAFKA_LIB/*" MkTopics \
    "$(kafka_address)" "$home/topics" >"$home/install.log" 2>&1 ||
    { tail -n 20 "$home/install.log" >&2; fail "canal: topics could not be made at $(kafka_address)"; }
  touch "$home/log"
  found_before=$(times_found)
  # The class path begins with the conf directory: Canal looks for its plugins beside it.
  process_start canal java -Xms96m -Xmx256m -XX:+UseSerialGC -Dfile.encoding=UTF-8 -Djava.net.preferIPv4Stack=true \
    -Dlogback.configurationFile="$home/conf/logback.xml" -cp "$home/conf:$LAUNCHER_CLASSES:$CANAL_LIB/*" \
    CanalRun "$home/conf"
  process_wait canal 90 following
}

# meta.dat is Canal's own file; "postion" is its spelling.
position() {
  node -e '
    const { readFileSync } = require("node:fs")
    const cursor = JSON.parse(readFileSync(process.argv[1], "utf8")).clientDatas?.[0]?.cursor
    if (!cursor) { console.error("canal: this destination has sent nothing yet"); process.exit(1) }
    console.log(cursor.postion.journalName, cursor.postion.position)' "$home/conf/$1/meta.dat"
}

rewind() {
  local name=$1 file=$2 place=$3
  process_stop canal
  node -e '
    const { readFileSync, writeFileSync } = require("node:fs")
    const [path, file, place] = process.argv.slice(1)
    const meta = JSON.parse(readFileSync(path, "utf8"))
    const cursor = meta.clientDatas?.[0]?.cursor
    if (!cursor) { console.error("canal: this destination has sent nothing yet"); process.exit(1) }
    Object.assign(cursor.postion, { journalName: file, position: Number(place), included: false })
    writeFileSync(path, JSON.stringify(meta))' "$home/conf/$name/meta.dat" "$file" "$place"
  start
}

case "${1:?what to do with canal}" in
  start) start ;;
  position) position "${2:?which destination}" ;;
  rewind) rewind "${2:?which destination}" "${3:?which binlog file}" "${4:?which position}" ;;
  *) process_command canal "$1" ;;
esac
