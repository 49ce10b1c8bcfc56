# shellcheck shell=bash
# Sourced by scripts/test and scripts/demo, in the project's directory: commands that can be ended at any moment, with
# everything they started. Wants $work, a directory for logs. Sets $child, the process group that `run` waits for.

: "${work:?a directory for logs}"
child=''
# A signal may come while a step's output goes to its log; what is said at the end goes out all the same.
exec 3>&1 4>&2

# end_group PID: a command that was put into a process group of its own, with all it started.
end_group() {
  [ -n "$1" ] || return 0
  kill -TERM -- "-$1" 2>/dev/null || return 0
  for _ in {1..100}; do
    kill -0 -- "-$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}

# run COMMAND…: in a process group of its own and waited for, so that a signal to this script is heard at once.
run() {
  local code=0
  setsid "$@" </dev/null 3>&- 4>&- &
  child=$!
  wait "$child" || code=$?
  child=
  return "$code"
}

# step NAME COMMAND…: one line with the seconds it took; its output only if it fails.
step() {
  local name=$1 began=$SECONDS log
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
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || { echo 'Node 20 or newer is needed'; exit 1; }
}

# Are the installed modules those of the lockfile? (By content: a fresh clone's dates say nothing.)
modules_match() {
  node -e '
    const { readFileSync } = require("node:fs")
    const read = (path) => JSON.parse(readFileSync(path, "utf8")).packages
    const wanted = read("package-lock.json"), present = read("node_modules/.package-lock.json")
    // Packages for other platforms are optional and absent.
    const wrong = Object.entries(wanted).filter(([path, { version, optional }]) =>
      path !== "" && (present[path] ? present[path].version !== version : !optional))
    process.exit(wrong.length === 0 ? 0 : 1)' 2>/dev/null
}

# The one native module, node-rdkafka, is optional for npm: where it does not compile npm ci leaves it out, and succeeds.
native_module_loads() { node -e 'require("node-rdkafka")' 2>/dev/null; }
native_modules_match() { modules_match && native_module_loads; }

# slow_step NAME COMMAND…: a step that tells every 15 s that it is not dead.
slow_step() {
  local name=$1 began=$SECONDS ticker code=0
  while sleep 15 >/dev/null 2>&1; do echo "$name: $((SECONDS - began)) s so far"; done 3>&- 4>&- &
  ticker=$!
  step "$@" || code=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  return "$code"
}

# install_modules: npm ci, if need be. JOBS is also what node-gyp reads, and a value meant for something else breaks the
# build.
install_modules() {
  modules_match && return
  echo 'npm ci: running (2 to 5 minutes where there is a C++ compiler: node-rdkafka is built from source)'
  slow_step 'npm ci' env -u JOBS npm ci --no-audit --no-fund
}

# install_native_module: builds node-rdkafka if npm ci has left it out, or did before there was a compiler.
install_native_module() {
  if ! native_module_loads; then
    echo 'node-rdkafka: running (2 to 5 minutes)'
    if [ -d node_modules/node-rdkafka ]; then
      slow_step 'node-rdkafka' env -u JOBS npm rebuild node-rdkafka
    else
      slow_step 'node-rdkafka' env -u JOBS npm ci --no-audit --no-fund
    fi
  fi
  step 'node-rdkafka loads' node -e 'require("node-rdkafka")'
}
