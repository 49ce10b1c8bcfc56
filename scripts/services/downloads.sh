# shellcheck shell=bash
# Sourced. What the servers are made of, fetched once into $CACHE. Every entry is made under a temporary name and renamed
# when complete, so that an interrupted run leaves no half entry and two runs at once do no harm.

# made DIRECTORY FUNCTION: FUNCTION fills a new directory ($1), which then becomes DIRECTORY.
made() {
  [ -d "$1" ] && return 0
  local unfinished
  mkdir -p "$CACHE"
  unfinished=$(mktemp -d "$CACHE/unfinished.XXXXXX")
  if ! "$2" "$unfinished"; then
    rm -rf "$unfinished"
    fail "could not make $1"
  fi
  chmod 755 "$unfinished"
  # -T fails if another run was first: then its result serves.
  mv -T "$unfinished" "$1" 2>/dev/null || rm -rf "$unfinished"
  [ -d "$1" ] || fail "could not make $1"
}

fingerprint() { cat "$@" | sha256sum | cut -c1-12; }

maven() { mvn -q -B -Dstyle.color=never "$@" >&2; }

# Sets KAFKA_LIB.
kafka_jars() {
  KAFKA_LIB=$CACHE/kafka-$(fingerprint "$SERVICES/kafka-jars.xml")
  made "$KAFKA_LIB" fetch_kafka
}
fetch_kafka() {
  maven -f "$SERVICES/kafka-jars.xml" dependency:copy-dependencies -DoutputDirectory="$1" -DincludeScope=runtime
}

# Sets CANAL_LIB (the server's jars), CANAL_PLUGIN (the Kafka connector, which Canal loads apart).
canal_jars() {
  local home
  home=$CACHE/canal-$(fingerprint "$SERVICES/canal-jars.xml")
  made "$home" fetch_canal
  export CANAL_LIB=$home/lib CANAL_PLUGIN=$home/plugin
}
fetch_canal() {
  maven -f "$SERVICES/canal-jars.xml" dependency:copy-dependencies -DoutputDirectory="$1/lib" -DincludeScope=runtime &&
    maven dependency:copy -Dartifact=com.alibaba.otter:connector.kafka:1.1.7:jar:jar-with-dependencies \
      -DoutputDirectory="$1/plugin"
}

# Sets LAUNCHER_CLASSES. Needs kafka_jars and canal_jars before it.
launcher_classes() {
  LAUNCHER_CLASSES=$CACHE/launcher-$(fingerprint "$SERVICES"/canal-launcher/*.java "$SERVICES"/*-jars.xml)
  made "$LAUNCHER_CLASSES" compile_launcher
}
compile_launcher() {
  javac -nowarn -XDsuppressNotes -cp "$CANAL_LIB/*" -d "$1" "$SERVICES"/canal-launcher/{CanalRun,Destination,MemoryTableHistory,Settings}.java &&
    javac -nowarn -cp "$KAFKA_LIB/*" -d "$1" "$SERVICES/canal-launcher/MkTopics.java"
}

# Sets MYSQL_TREE: a real mysqld with every library it links against, unpacked from Debian sid and started through its own
# dynamic loader, so nothing is installed on this machine. No released Debian has a MySQL server, and sid cannot be pinned:
# the version that is there is taken.
mysql_tree() {
  MYSQL_TREE=$CACHE/mysql-sid
  made "$MYSQL_TREE" fetch_mysql
}
fetch_mysql() {
  local mirror apt=$1/apt
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
    awk '/^URIs:/ {print $2} /^deb / {for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) print $i}' |
    grep -E '/debian/?$' | head -n 1) || true
  if [ -z "$mirror" ]; then
    say "no Debian mirror in this machine's apt sources, so no MySQL server can be fetched: set RANKTIDE_TEST_MYSQL"
    return 1
  fi
  mkdir -p "$apt"/{lists/partial,archives/partial,etc} "$1"/usr/{lib,lib64,bin,sbin}
  : >"$apt/status.empty"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<C
Dir::State "$apt"; Dir::State::lists "$apt/lists"; Dir::State::status "$apt/status.empty";
Dir::Cache "$apt"; Dir::Cache::archives "$apt/archives";
Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "$apt/etc"; Dir::Etc::preferencesparts "$apt/etc";
APT::Install-Recommends "false"; Debug::NoLocking "true"; APT::Sandbox::User "$(id -un)";
C
  (
    set -e
    export APT_CONFIG=$apt/apt.conf
    apt-get update -qq
    # Of all dependencies only the shared libraries: error texts and character sets are in mysql-server-core itself.
    mapfile -t libraries < <(apt-get install -y --print-uris mysql-server-core mysql-client-core |
      awk "/^'/ {print \$2}" | sed 's/_.*//' | grep -E '^lib|^zlib1g' | grep -vE 'perl|gconv')
    cd "$apt/archives"
    apt-get download -qq mysql-server-core mysql-client-core "${libraries[@]}"
    cd "$1"
    for link in lib lib64 bin sbin; do ln -s "usr/$link" "$link"; done
    for package in "$apt"/archives/*.deb; do
      dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink
    done
    rm -rf "$apt"
    [ -x usr/sbin/mysqld ]
  ) && return 0
  say "MySQL could not be fetched from Debian sid ($mirror): try again later, or set RANKTIDE_TEST_MYSQL"
  return 1
}
