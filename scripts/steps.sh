# shellcheck shell=bash
# Sourced by scripts/test and scripts/demo, in the project's directory: commands that can be ended at any moment, with
# everything they started. Wants $work, a directory for logs. Sets $child, the process group that `run` waits for; $doing,
# what that is called, and $child_tenths, how long it may take to end, are set before, for one `run`.

: "${work:?a directory for logs}"
child='' doing='' child_tenths=100
# A signal may come while a step's output goes to its log; what is said at the end goes out all the same.
exec 3>&1 4>&2

# end_group PID [TENTHS]: a command that was put into a process group of its own, with all it started. What has not ended
# by itself after so many tenths of a second (10 s) is killed.
end_group() {
  [ -n "$1" ] || return 0
  kill -TERM -- "-$1" 2>/dev/null || return 0
  local i
  for ((i = 0; i < ${2:-100}; i++)); do
    kill -0 -- "-$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# end_child: what `run` waits for, named, since it may take its time.
end_child() {
  [ -n "$child" ] || return 0
  [ -z "$doing" ] || echo "stopping: $doing" >&4 || true
  end_group "$child" "$child_tenths"
}

# run COMMAND…: in a process group of its own and waited for, so that a signal to this script is heard at once.
run() {
  local code=0
  setsid "$@" </dev/null 3>&- 4>&- &
  child=$!
  wait "$child" || code=$?
  child='' doing='' child_tenths=100
  return "$code"
}

# step NAME COMMAND…: one line with the seconds it took; its output only if it fails.
step() {
  local name=$1 began=$SECONDS log
  doing=$name
  log=$work/${1// /-}.log
  shift
  if run "$@" >"$log" 2>&1; then
    echo "$name: $((SECONDS - began)) s"
    return 0
  fi
  tail -n 60 "$log"
  echo "$name: failed after $((SECONDS - began)) s (all its output: $log)"
  return 1
}

need_node() {
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo 'Node 20.12 or newer and npm are needed, and not there: https://nodejs.org' >&2
    exit 1
  fi
  node -e '
    const [major, minor] = process.versions.node.split(".").map(Number)
    if (major > 20 || (major === 20 && minor >= 12)) process.exit(0)
    console.error(`Node 20.12 or newer is needed, this is ${process.version}`)
    process.exit(1)' || exit 1
}

# Are the installed modules those of the lockfile? (By content: a fresh clone's dates say nothing.)
modules_match() {
  # node-rdkafka is optional for npm, which leaves it out where it does not compile; the build wants its types.
  [ -d node_modules/node-rdkafka ] && node -e '
    const { readFileSync } = require("node:fs")
    const read = (path) => JSON.parse(readFileSync(path, "utf8")).packages
    const wanted = read("package-lock.json"), present = read("node_modules/.package-lock.json")
    // Packages for other platforms are optional and absent.
    const wrong = Object.entries(wanted).filter(([path, { version, optional }]) =>
      path !== "" && (present[path] ? present[path].version !== version : !optional))
    process.exit(wrong.length === 0 ? 0 : 1)' 2>/dev/null
}

# The one native module.
native_module_loads() { node -e 'require("node-rdkafka")' 2>/dev/null; }
native_modules_match() { modules_match && native_module_loads; }

# A line every 15 s, so that nobody takes a long step for a dead one.
ticker=''
start_ticker() {
  local name=$1 began=$SECONDS
  while sleep 15 >/dev/null 2>&1; do echo "$name: $((SECONDS - began)) s so far"; done 3>&- 4>&- &
  ticker=$!
}
end_ticker() {
  [ -n "$ticker" ] || return 0
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  ticker=''
}

# slow_step NAME COMMAND…: a step of minutes.
slow_step() {
  local code=0
  start_ticker "$1"
  step "$@" || code=$?
  end_ticker
  return "$code"
}

# npm_step NAME COMMAND…: npm may be killed soon. What it leaves half done is seen (modules_match, native_module_loads) and
# done again: the list of what is installed is the last thing that npm ci writes.
npm_step() {
  child_tenths=10
  slow_step "$@"
}

# install_js_modules: npm ci, if need be, without compiling anything. The build needs the development tools, whatever
# NODE_ENV says.
install_js_modules() {
  modules_match && return
  echo 'npm ci: running (about 10 s where npm has the packages, else as long as their download takes)'
  npm_step 'npm ci' npm ci --ignore-scripts --include=dev --include=optional --no-audit --no-fund
}

# How node-rdkafka is compiled. JOBS is also what node-gyp reads, and a value meant for something else breaks the build.
build_native_module=(env -u JOBS npm rebuild node-rdkafka)
say_compiling() { echo 'node-rdkafka: compiling (2 to 5 minutes, once)'; }

# install_modules: everything that the worker needs to read a real Kafka.
install_modules() {
  install_js_modules
  install_native_module
}
install_native_module() {
  if ! native_module_loads; then
    say_compiling
    npm_step node-rdkafka "${build_native_module[@]}"
  fi
  step 'node-rdkafka loads' node -e 'require("node-rdkafka")'
}
