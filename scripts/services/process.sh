# shellcheck shell=bash
# Sourced by each server's script: start, stop, kill, pause and resume one process, known by its pid file.
# A pid counts only while that process works below its own server's directory: a recycled pid or a zombie is "not running".

# process_alive NAME
process_alive() {
  local pid where
  pid=$(cat "$RANKTIDE_STACK/$1/pid" 2>/dev/null) || return 1
  # A server that runs as another user does not show where it works to a root without that right (a container); its command
  # names its directory. A zombie has neither.
  where=$(readlink "/proc/$pid/cwd" 2>/dev/null) ||
    where=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -m 1 "^$(readlink -f "$RANKTIDE_STACK/$1")/") || return 1
  case $where/ in "$(readlink -f "$RANKTIDE_STACK/$1")"/*) return 0 ;; *) return 1 ;; esac
}

# process_start NAME COMMAND…: in a session of its own, so that a Ctrl-C in the terminal reaches the test run and not the
# servers. The process writes its own pid before it becomes the server: no moment in which it runs and nobody knows.
process_start() {
  local name=$1
  shift
  (
    cd "$RANKTIDE_STACK/$name" || exit
    # shellcheck disable=SC2016 # expanded by the inner shell
    exec setsid bash -c 'echo $$ >pid; exec "$@"' server "$@" >>log 2>&1 </dev/null
  ) &
  until process_alive "$name" || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
}

# process_wait NAME SECONDS CONDITION…: until the condition holds; shows the log's end when the process ends or time is up.
process_wait() {
  local name=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@"; do
    if ! process_alive "$name"; then
      tail -n 30 "$RANKTIDE_STACK/$name/log" >&2
      fail "$name ended while it was starting (log: $RANKTIDE_STACK/$name/log)"
    fi
    if [ "$SECONDS" -ge "$deadline" ]; then
      tail -n 30 "$RANKTIDE_STACK/$name/log" >&2
      fail "$name was not ready in time (log: $RANKTIDE_STACK/$name/log)"
    fi
    sleep 0.1
  done
}

# process_signal NAME SIGNAL
process_signal() {
  process_alive "$1" || fail "$1 is not running"
  kill "-$2" "$(cat "$RANKTIDE_STACK/$1/pid")"
}

# process_ended PID: nothing of it is left but, at most, a zombie with no other thread. Only then are its ports and files
# free: a killed process loses its working directory earlier, while its other threads still hold them.
process_ended() {
  local state threads
  state=$(awk '/^State:/ {print $2}' "/proc/$1/status" 2>/dev/null) || return 0
  [ "$state" = Z ] || return 1
  threads=("/proc/$1/task"/*)
  [ ${#threads[@]} -le 1 ]
}

# process_gone PID SECONDS
process_gone() {
  local deadline=$((SECONDS + $2))
  until process_ended "$1"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

# process_stop NAME: SIGTERM, then SIGKILL after 30 s. A paused process is woken, else it would never hear it.
process_stop() {
  process_alive "$1" || return 0
  local pid
  pid=$(cat "$RANKTIDE_STACK/$1/pid")
  kill -TERM "$pid" 2>/dev/null || true
  kill -CONT "$pid" 2>/dev/null || true
  process_gone "$pid" 30 || process_kill "$1"
}

# process_kill NAME: SIGKILL, and wait until it is gone: a start right after it must not take it for running.
process_kill() {
  process_alive "$1" || fail "$1 is not running"
  local pid
  pid=$(cat "$RANKTIDE_STACK/$1/pid")
  kill -KILL "$pid"
  process_gone "$pid" 10 || fail "$1 could not be killed"
}

# process_command NAME ACTION: what is the same for every server.
process_command() {
  case $2 in
    stop) process_stop "$1" ;;
    kill) process_kill "$1" ;;
    pause) process_signal "$1" STOP ;;
    resume) process_signal "$1" CONT ;;
    status) if process_alive "$1"; then echo running; else echo stopped; fi ;;
    *) fail "$1: unknown action '$2'; allowed: start, stop, kill, pause, resume, status" ;;
  esac
}
