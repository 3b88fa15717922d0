# SPDX-License-Identifier: Apache-2.0
"""What ./dev run says before it installs or builds anything: wrong words, ports of other programs; and what it decides of
hub.json. Nothing is started."""
import json
import os
import pathlib
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import ROOT, free_port, scratch

folder = scratch()


def check(*words):
    done = subprocess.run([ROOT / "tools/run.sh", *map(str, words)], env={**os.environ, "PHENDAU_CHECK_ONLY": "yes"},
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def settings(command, path, *words):
    return subprocess.run([sys.executable, ROOT / "tools/run_settings.py", command, path, *map(str, words)], check=True,
                          capture_output=True, text=True).stdout


for words in (["--cong"], ["--port"], ["--port", "x"], ["--port", 0], ["--syslog-port", 70000], ["--data"],
              ["--demo", "--syslog-port", 65534]):
    code, said = check(*words)
    assert code == 2 and "./dev run" in said and "Traceback" not in said, (words, code, said)
with socket.socket() as other, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog:
    other.bind(("127.0.0.1", 0))
    other.listen()
    syslog.bind(("127.0.0.1", 0))
    taken, taken_syslog = other.getsockname()[1], syslog.getsockname()[1]
    code, said = check("--data", folder / "a", "--port", taken, "--syslog-port", taken_syslog)
    assert code == 3 and str(taken) in said and str(taken_syslog) in said and "--syslog-port N" in said, (code, said)
    assert not (folder / "a").exists(), "something was made before the ports were free"
code, said = check("--data", folder / "a", "--port", free_port(), "--syslog-port", free_port())
assert code == 0 and not said, (code, said)

# A second writing keeps what a person added and moves only what this script made.
path = folder / "hub.json"
settings("write", path, "yes", "", "", "/packs")
made = json.loads(path.read_text())
assert made["https_address"] == "127.0.0.1:8443" and made["demo"] and len(made["listeners"]) == 6, made
assert made["listeners"][0]["address"] == "127.0.0.1:5524", made
made["listeners"].append({"protocol": "tls", "address": "0.0.0.0:6514"})
made["skew_max"] = "20m"
path.write_text(json.dumps(made))
settings("write", path, "yes", 9443, 7000, "/packs")
moved = json.loads(path.read_text())
assert moved["https_address"] == "127.0.0.1:9443" and moved["skew_max"] == "20m" and len(moved["listeners"]) == 7, moved
assert [one["address"] for one in moved["listeners"]][::2] == ["127.0.0.1:7000", "127.0.0.1:7001", "127.0.0.1:7002", "0.0.0.0:6514"], moved
shown = settings("ports", path).splitlines()
assert shown[0] == "9443" and all(text in shown[1] for text in ("7000", "7001", "7002", "6514", "udp+tcp")), shown
settings("write", path, "yes", "", "", "/packs")
assert json.loads(path.read_text()) == moved
print("run_script: passed")
