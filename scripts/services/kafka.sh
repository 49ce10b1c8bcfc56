#!/usr/bin/env bash
# kafka.sh start|stop|kill|pause|resume|status. One Kafka 4.1 node (KRaft), from Maven's jars.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=stack-directory.sh
source "$here/stack-directory.sh"
# shellcheck source=process.sh
source "$here/process.sh"
# shellcheck source=downloads.sh
source "$here/downloads.sh"

home=$RANKTIDE_STACK/kafka

# broker.session.timeout.ms: after a kill -9 the node waits until its own old session has run out, 9 s by default.
write_settings() {
  local port controller
  port=$(port_of kafka)
  controller=$(cat "$home/controller-port")
  cat >"$home/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$home/data
num.partitions=3
auto.create.topics.enable=true
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
num.network.threads=1
num.io.threads=2
log.cleaner.dedupe.buffer.size=8388608
log.segment.bytes=67108864
message.max.bytes=10485760
P
  cat >"$home/log4j2.xml" <<P
<Configuration status="WARN"><Appenders><Console name="C" target="SYSTEM_OUT"><PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
<Loggers><Root level="WARN"><AppenderRef ref="C"/></Root><Logger name="kafka.server" level="INFO"/></Loggers></Configuration>
P
}

# The broker says so once it is unfenced, that is, when clients are served; the log is appended to over restarts.
started() { [ "$(times_started)" -gt "$starts_before" ]; }
times_started() { grep -c 'Kafka Server started' "$home/log" 2>/dev/null || true; }

start() {
  process_alive kafka && return 0
  kafka_jars
  write_settings
  local java=(java "-Dlog4j2.configurationFile=$home/log4j2.xml" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$KAFKA_LIB/*")
  if [ ! -f "$home/data/meta.properties" ]; then
    "${java[@]}" -Xmx64m kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAA -c "$home/server.properties" \
      --ignore-formatted >"$home/install.log" 2>&1 || { tail -n 20 "$home/install.log" >&2; fail 'Kafka: no data directory'; }
  fi
  starts_before=$(times_started)
  starts_before=${starts_before:-0}
  process_start kafka "${java[@]}" -Xms128m -Xmx256m kafka.Kafka "$home/server.properties"
  process_wait kafka 90 started
}

if [ "${1:?what to do with kafka}" = start ]; then start; else process_command kafka "$1"; fi
