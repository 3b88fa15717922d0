# SPDX-License-Identifier: Apache-2.0
"""The .deb works without a checkout or compilers: its files are unpacked into a folder, its packs are valid, a hub and an
agent run from them with an empty PATH, the unit files name programs that exist, and every library that the programs need
belongs to a package that it depends on. With PHENDAU_CHROOT (a fresh Debian 12 folder made by debootstrap) it is also
installed there by apt and its hub is asked for its health. Run by ./dev test --all, after ./dev package."""
import atexit
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
folder = pathlib.Path(os.environ.get("PHENDAU_DEB_FOLDER", ROOT / "build" / "package"))
found = sorted(folder.glob("phendau_*.deb"))
if not found:
    print(f"no package in {folder}: run ./dev package first")
    sys.exit(1)
work = pathlib.Path(tempfile.mkdtemp(prefix="phendau-test-"))
work.chmod(0o755)
atexit.register(shutil.rmtree, work, ignore_errors=True)
tree = work / "tree"
subprocess.run(["dpkg-deb", "--extract", str(found[-1]), str(tree)], check=True)
# The harness looks for programs where a build has them.
(work / "build").mkdir()
(work / "build" / "src").symlink_to(tree / "usr" / "bin")
os.environ["PHENDAU_BUILD"] = str(work / "build")
os.environ["PATH"] = "/nonexistent"  # no compiler, no shell, no tool

import harness  # noqa: E402

harness.PACK = tree / "usr" / "share" / "phendau" / "packs" / "ha-giang"
for program in (harness.PHENDAU, harness.AGENT):
    assert program.stat().st_size < 16 << 20, f"{program} is not stripped"
harness.run(harness.PHENDAU, "pack", "validate", "--pack", harness.PACK)

depends = subprocess.run(["/usr/bin/dpkg-deb", "-f", str(found[-1]), "Depends"], capture_output=True, text=True, check=True,
                         env={"PATH": "/usr/bin:/bin"}).stdout
assert "libsqlite3-0" in depends and "libssl3" in depends and "libc6 (>=" in depends, depends
assert not re.search(r"g\+\+|gcc-\d|cmake|nodejs|-dev\b", depends), f"compilers among the dependencies: {depends}"
for unit in (tree / "lib" / "systemd" / "system").glob("*.service"):
    program = re.search(r"^ExecStart=(\S+)", unit.read_text(), re.M)[1]
    assert os.access(tree / program.lstrip("/"), os.X_OK), f"{unit.name} starts {program}, which is not in the package"

hub = harness.Hub(pack=harness.PACK).init()
token = hub.token()
hub.start()
agent = harness.Agent(hub).enrol(token).start()
admin = hub.admin()
harness.wait_for(lambda: [d for d in admin.get("/devices")["items"] if d["status"] == "online"], 60)
agent.stop()
assert hub.stop() == 0
assert not hub.errors(), hub.errors()

chroot = os.environ.get("PHENDAU_CHROOT")
if chroot:
    inside = pathlib.Path(chroot)
    (inside / "phendau.deb").write_bytes(found[-1].read_bytes())
    (inside / "etc" / "resolv.conf").write_text(pathlib.Path("/etc/resolv.conf").read_text())
    policy = inside / "usr" / "sbin" / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LANG": "C.UTF-8"}
    environment.update({k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")})

    def enter(script):
        done = subprocess.run(["/usr/sbin/chroot", chroot, "/bin/sh", "-ec", script], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        assert done.returncode == 0, done.stdout
        return done.stdout
    said = enter("apt-get update -q >/dev/null; apt-get install -q -y --no-install-recommends /phendau.deb")
    assert "admin" in said and "8443" in said, said[-2000:]
    enter("! command -v g++ && ! command -v cmake && phendau --version && test -d /var/lib/phendau/keys")
    port = harness.free_port()
    account = enter("id -u phendau; id -g phendau").split()
    process = harness.spawn("/usr/sbin/chroot", f"--userspec={account[0]}:{account[1]}", chroot, "/usr/bin/phendau", "hub",
                            "--data", "/var/lib/phendau", "--https", f"127.0.0.1:{port}", log=work / "hub.log")

    def answers():
        try:
            return harness.Client(port).get("/health")["status"] == "ok"
        except (OSError, harness.Problem):
            assert process.poll() is None, (work / "hub.log").read_text()
            return False
    harness.wait_for(answers, 60)
    process.terminate()
    assert process.wait(30) == 0
    print("installed and answered in a fresh Debian")
print("package: passed")
