# shellcheck shell=bash
# Sourced by the benches, in the project's directory: brings in what is missing, starts the servers that no variable names,
# runs one measuring process, and stops again whatever it started. A failed run keeps its logs and says where.

work=$(mktemp -d "${TMPDIR:-/tmp}/ranktide-bench.XXXXXX")
measuring='' ours=''
# shellcheck source=scripts/steps.sh
source scripts/steps.sh

finish() {
  local code=$?
  exec >&3 2>&4
  trap - EXIT
  trap '' INT TERM HUP PIPE
  end_child
  end_group "$measuring"
  [ -z "$ours" ] || scripts/services/down >/dev/null || code=1
  if [ "$code" = 0 ] || [ "$code" -gt 128 ]; then rm -rf "$work"; else echo "logs: $work" || true; fi
  exit "$code"
}

# start_servers SERVICE…: those that are not given by RANKTIDE_TEST_SERVICE.
start_servers() {
  local service variable servers=() parts=()
  for service; do
    variable=RANKTIDE_TEST_${service^^}
    [ -n "${!variable:-}" ] || servers+=("$service")
  done
  need_node
  parts=("${servers[@]}")
  native_modules_match || parts+=(build)
  [ ${#parts[@]} = 0 ] || step 'Debian packages' scripts/services/install "${parts[@]}" >&2
  {
    install_modules
    install_native_module
    step build npm run --silent build
  } >&2
  [ ${#servers[@]} -gt 0 ] || return 0
  export RANKTIDE_STACK=$work/stack
  ours=1
  step 'servers' scripts/services/up "${servers[@]}" >&2
  # shellcheck source=/dev/null
  . "$RANKTIDE_STACK/env"
}

# measure FILE ARGUMENT…: a process of the built benches.
measure() {
  local code=0
  setsid node "dist/scripts/bench/$1" "${@:2}" </dev/null 3>&- 4>&- &
  measuring=$!
  wait "$measuring" || code=$?
  measuring=
  return "$code"
}

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
