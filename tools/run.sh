#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ./dev run: a hub and an agent of this machine on 127.0.0.1, data in var/. --demo: an invented province in var/demo.
# Both programs are started here and stopped here, by their own process ids. A second run keeps all data.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${PHENDAU_BUILD:-$ROOT/build/release}
STARTED=${PHENDAU_STARTED:-$(date +%s)}
PACK=$ROOT/packs/ha-giang
HUB_UID=65534 # nobody: the hub refuses to be root

USAGE="./dev run [--demo] [--port N] [--syslog-port N] [--data DIR]"
demo="" port="" syslog="" data=""
refuse() { echo "run: $1 Dùng (usage): $USAGE" >&2; exit 2; }
is_port() { [[ $1 =~ ^[0-9]{1,5}$ ]] && [ "$1" -ge 1 ] && [ "$1" -le 65535 ]; }
while [ $# -gt 0 ]; do
  case $1 in
    --port | --syslog-port)
      is_port "${2:-}" || refuse "$1 phải là số từ 1 đến 65535 (a number from 1 to 65535)."
      if [ "$1" = --port ]; then port=$2; else syslog=$2; fi
      shift ;;
    --data) [ -n "${2:-}" ] || refuse "--data cần một thư mục (needs a folder)."; data=$2; shift ;;
    --demo) demo=yes ;;
    *) refuse "không hiểu '$1' (unknown)." ;;
  esac
  shift
done
if [ -n "$syslog" ] && [ -n "$demo" ] && [ "$syslog" -gt 65533 ]; then
  refuse "--demo dùng ba cổng syslog liền nhau, nên --syslog-port lớn nhất là 65533 (three ports in a row)."
fi

say() { printf '%s\n' "$*"; }
elapsed() { echo $(($(date +%s) - STARTED)); }
[ -n "$data" ] || data=$ROOT/var${demo:+/demo}
[ ! -d "$data" ] || data=$(cd "$data" && pwd)
is_running() { # whether the hub of this data folder runs: its own process id is that program, with this folder
  local pid
  pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$data/hub/state/running.json" 2>/dev/null | head -1)
  [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF " hub --data $data/hub "
}
settings() { # check or write, more arguments: what this script decides of hub.json
  python3 "$ROOT/tools/run_settings.py" "$1" "$data/hub/hub.json" "$demo" "$port" "$syslog" "${@:2}"
}
if is_running; then
  say "run: Phên Dậu đang chạy với dữ liệu này rồi ($data): dừng nó bằng Ctrl-C, hoặc dùng --data và các cổng khác." >&2
  say "     (already running with this data: stop it, or give another --data, --port and --syslog-port)" >&2
  exit 3
fi

# ---- as whom -------------------------------------------------------------------------------------------------------
as_hub=()
if [ "$(id -u)" -eq 0 ]; then
  as_hub=(setpriv --reuid "$HUB_UID" --regid "$HUB_UID" --clear-groups --)
  if ! "${as_hub[@]}" test -r "$PACK/pack.yaml" || { [ -e "$BUILD/src/phendau" ] && ! "${as_hub[@]}" test -x "$BUILD/src/phendau"; }; then
    say "run: máy chủ không chạy bằng root, mà tài khoản $HUB_UID không đọc được $ROOT." >&2
    say "     Hãy chuyển thư mục này ra ngoài /root, hoặc chạy ./dev run bằng tài khoản thường." >&2
    say "     (The hub does not run as root and user $HUB_UID cannot read this checkout: move it or run as a user.)" >&2
    exit 3
  fi
fi
# ./dev asks before it installs and builds; python3 may be among what it installs.
if [ -z "${PHENDAU_CHECK_ONLY:-}" ] || command -v python3 >/dev/null; then settings check || exit 3; fi
[ -z "${PHENDAU_CHECK_ONLY:-}" ] || exit 0

umask 022
mkdir -p "$data/log"
data=$(cd "$data" && pwd)
hub_data=$data/hub hub_log=$data/log/hub.log agent_log=$data/log/agent.log
hub_pid="" agent_pid="" demo_pid="" agent_sudo="" stopping=""
give_to_hub() { # folder: handed over to the account that the hub runs as
  mkdir -p "$1" && chmod 700 "$1"
  [ ${#as_hub[@]} -eq 0 ] || chown -R "$HUB_UID:$HUB_UID" "$1"
}

# ---- stopping ------------------------------------------------------------------------------------------------------
end() { # pid, sudo or nothing: asks, waits up to 20 s, then insists
  [ -n "$1" ] || return 0
  $2 kill -TERM "$1" 2>/dev/null || return 0
  local i
  for i in $(seq 200); do
    $2 kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  $2 kill -KILL "$1" 2>/dev/null || true
}
stop_all() {
  trap '' INT TERM
  stopping=yes
  [ -z "$agent_pid$hub_pid" ] || say "Đang dừng... (stopping)"
  end "$demo_pid" ""
  end "$agent_pid" "$agent_sudo"
  end "$hub_pid" ""
  wait 2>/dev/null || true
}
trap 'stop_all; say "Đã dừng; dữ liệu còn nguyên trong $data. (stopped; data kept)"; exit 0' INT TERM
trap '[ -n "$stopping" ] || stop_all' EXIT

# ---- first time ----------------------------------------------------------------------------------------------------
password="" token="" fresh=""
phendau() { "${as_hub[@]}" "$BUILD/src/phendau" "$@"; }
init() { # agency id, name, more options: prints the one-time password if the administrator is new
  local made
  made=$(phendau admin init --data "$hub_data" --pack "$PACK" --agency-id "$1" --agency-name "$2" "${@:3}" --format json) ||
    exit 3 # it has said why
  python3 -c 'import json,sys; print(json.loads(sys.argv[1])["password"] or "")' "$made"
}
give_to_hub "$hub_data"
[ -e "$hub_data/keys/secret.key" ] || fresh=yes
if [ -n "$demo" ]; then
  if [ -n "$fresh" ]; then
    python3 "$ROOT/tools/demo/province.py" agencies | while IFS=$'\t' read -r id name options; do
      # shellcheck disable=SC2086
      init "$id" "$name" $options
    done | grep . >"$data/.first" || true
    password=$(head -1 "$data/.first"); rm -f "$data/.first"
    [ -n "$password" ] || { say "run: không khởi tạo được $hub_data (set-up failed)" >&2; exit 3; }
    say "Đang nạp nhật ký mẫu... (loading invented logs)"
    mkdir -p "$data/import"
    python3 "$ROOT/tools/demo/province.py" logs "$data/import"
    for file in "$data"/import/*.log; do
      phendau journal import --data "$hub_data" --agency "$(basename "$file" .log)" "$file" >/dev/null
    done
  fi
else
  password=$(init don-vi-nay "Đơn vị này")
fi
settings write "$PACK"
{ read -r port && read -r syslog_shown; } < <(python3 "$ROOT/tools/run_settings.py" ports "$hub_data/hub.json")
give_to_hub "$hub_data"

# The agent reads password rules, shadow and logs: best as root. Its two ways keep separate folders. Only a sudo that never
# asks will do: it is also needed to stop the agent, hours later.
as_agent_note=""
if [ -z "$demo" ]; then
  if [ "$(id -u)" -eq 0 ]; then agent_data=$data/agent
  elif sudo -k -n true 2>/dev/null; then agent_data=$data/agent agent_sudo="sudo -n"
  else agent_data=$data/agent-user as_agent_note=yes
  fi
  if ! $agent_sudo test -e "$agent_data/identity.json"; then
    # Before the hub starts: the ledger belongs to one process.
    token=$(phendau admin token --data "$hub_data" --agency don-vi-nay | head -1)
  fi
fi

# ---- hub -----------------------------------------------------------------------------------------------------------
own_words() { # what a program said for people since this start: its log without the JSON lines
  tail -c +"$((${2} + 1))" "$1" | grep -v '^{' || true
}
size_of() { stat -c %s "$1" 2>/dev/null || echo 0; }
touch "$hub_log" "$agent_log"
hub_log_from=$(size_of "$hub_log") agent_log_from=$(size_of "$agent_log")
"${as_hub[@]}" "$BUILD/src/phendau" hub --data "$hub_data" >>"$hub_log" 2>&1 </dev/null &
hub_pid=$!
answers() {
  python3 - "$port" <<'PY'
import http.client, ssl, sys
try:
    c = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), timeout=2, context=ssl._create_unverified_context())
    c.request("GET", "/api/v1/health")
    sys.exit(0 if c.getresponse().status == 200 else 1)
except OSError:
    sys.exit(1)
PY
}
hub_is_gone() {
  ! kill -0 "$hub_pid" 2>/dev/null
}
for _ in $(seq 240); do
  if hub_is_gone; then
    hub_pid=""
    own_words "$hub_log" "$hub_log_from" >&2
    say "run: máy chủ không khởi động được; nhật ký: $hub_log (the hub did not start)" >&2
    [ -z "$password" ] || say "     Tài khoản admin đã tạo, mật khẩu dùng một lần (one-time password): $password" >&2
    exit 3
  fi
  # Another program may answer on this port: only our own hub's word counts.
  if grep -q "\"pid\": $hub_pid," "$hub_data/state/running.json" 2>/dev/null && answers; then break; fi
  sleep 0.25
done
url_seconds=$(elapsed)

# ---- agent or demo -------------------------------------------------------------------------------------------------
start_agent() {
  $agent_sudo mkdir -p "$agent_data"
  if [ -n "$token" ]; then
    printf '%s\n' "$token" | $agent_sudo "$BUILD/src/phendau-agent" enrol --data "$agent_data" - >>"$agent_log" 2>&1 || {
      own_words "$agent_log" "$agent_log_from" >&2
      say "run: tác tử không ghi danh được (the agent could not enrol)" >&2
      return 1
    }
  fi
  if [ -n "$agent_sudo" ]; then
    # The shell writes its own id and becomes the agent, so that the agent itself can be stopped, not only sudo.
    sudo -n sh -c 'echo $$ >"$1/agent.pid"; exec "$2" run --data "$1"' sh "$agent_data" "$BUILD/src/phendau-agent" \
      >>"$agent_log" 2>&1 </dev/null &
    local i
    for i in $(seq 50); do
      agent_pid=$(sudo -n cat "$agent_data/agent.pid" 2>/dev/null || true)
      [ -n "$agent_pid" ] && sudo -n kill -0 "$agent_pid" 2>/dev/null && break
      sleep 0.1
    done
  else
    "$BUILD/src/phendau-agent" run --data "$agent_data" >>"$agent_log" 2>&1 </dev/null &
    agent_pid=$!
  fi
}
if [ -n "$demo" ]; then
  PHENDAU_FIRST_PASSWORD=$password python3 "$ROOT/tools/demo/province.py" fill "$data" "$port" || exit 3
  python3 "$ROOT/tools/demo/province.py" live "$data" "$port" >>"$data/log/demo.log" 2>&1 </dev/null &
  demo_pid=$!
else
  start_agent || exit 3
fi

# ---- what a person needs to know -----------------------------------------------------------------------------------
say ""
say "  Phên Dậu đang chạy (is running):   https://127.0.0.1:$port/"
say "  Trình duyệt sẽ cảnh báo chứng chỉ vì do máy này tự cấp: chọn tiếp tục."
say "  (The certificate is this hub's own: the browser will ask once.)"
if [ -z "$demo" ] && [ -n "$password" ]; then
  say "  Tài khoản (user): admin    Mật khẩu dùng một lần (one-time password): $password"
  say "  Chỉ hiện một lần này; lần đăng nhập đầu sẽ yêu cầu đổi. (Shown only now.)"
elif [ -z "$password" ]; then
  [ -z "$demo" ] || python3 "$ROOT/tools/demo/province.py" accounts
  say "  Tài khoản (user): ${demo:+như trên, gồm }admin; quên mật khẩu thì dừng lại rồi chạy (forgotten password: stop, then):"
  say "    ${as_hub[*]:+sudo -u '#$HUB_UID' }$BUILD/src/phendau admin user reset --data $hub_data $([ -n "$demo" ] && echo TÊN || echo admin)"
fi
say "  Dữ liệu (data): $data      Nhật ký chạy (logs): $data/log"
say "  Nhận syslog (syslog in): ${syslog_shown:-không (none)}"
if [ -n "$as_agent_note" ]; then
  say "  Tác tử chạy không có quyền root nên một số mục sẽ là 'chưa rõ': cần sudo không hỏi mật khẩu, hoặc ./dev run bằng root."
  say "  (The agent runs without root, so some facts will be 'unknown': it needs a sudo that never asks, or ./dev run as root.)"
fi
say "  Dừng (stop): Ctrl-C"
say ""
say "  Cổng trả lời sau $url_seconds giây (URL answered after $url_seconds s)"

device_id=""
[ -n "$demo" ] || device_id=$($agent_sudo python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["device_id"])' \
  "$agent_data/identity.json")
first_event_visible() { # a record of this machine's own agent is found in the journal
  [ -n "$(phendau search --data "$hub_data" --limit 1 --format json "source:$device_id" 2>/dev/null)" ]
}
announced=""
tries=0
while :; do
  if [ -z "$announced" ] && [ -z "$demo" ] && [ $tries -lt 300 ]; then
    tries=$((tries + 1))
    if first_event_visible; then
      announced=yes
      say "  Sự kiện đầu tiên của máy này thấy được sau $(elapsed) giây (first event of this machine visible)"
    fi
  fi
  if hub_is_gone; then
    hub_pid=""
    own_words "$hub_log" "$hub_log_from" >&2
    say "run: máy chủ đã dừng ngoài ý muốn; nhật ký: $hub_log (the hub ended)" >&2
    exit 4
  fi
  sleep 1 & wait $! || true
done
