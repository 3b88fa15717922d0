# SPDX-License-Identifier: Apache-2.0
"""A machine apart: a network namespace of its own behind a veth pair, with an agent in it that knows the hub by a name. For whole-program tests
as root; everything runs in namespaces that the test makes itself, nothing outside is touched."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from harness import AGENT, Agent, Client, Hub, ends_with_us, run, scratch, skip, wait_for

HUB, PEER, MACHINE = "10.77.0.1", "10.77.0.3", "10.77.0.2"
PEER6, MACHINE6 = "fd00:77::3", "fd00:77::2"
NAME = "hub.phendau.test"
_INSIDE = "PHENDAU_APART_INSIDE"
CHROMIUM = pathlib.Path(os.environ.get("PHENDAU_CHROMIUM", "/usr/bin/chromium"))


def go_inside():
    """Begins the script anew in network and mount namespaces of its own; skips where that is not possible."""
    if os.geteuid() != 0:
        skip("needs root (CAP_NET_ADMIN) for network namespaces")
    for program in ("nft", "ip", "unshare", "nsenter"):
        if not shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin"):
            skip(f"{program} is not here")
    if _INSIDE in os.environ:
        return
    tried = subprocess.run(["unshare", "--net", "--mount", "nft", "list", "ruleset"], capture_output=True, text=True)
    if tried.returncode != 0:
        skip(f"no network namespace or no nftables here: {tried.stderr.strip()}")
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, *sys.argv])


class Network:
    """The hub and a peer on this side, the machine on the other."""

    def __init__(self):
        run("ip", "link", "set", "lo", "up")
        self.machine = ends_with_us(subprocess.Popen(["unshare", "--net", "sleep", "infinity"]))  # holds the machine's namespace
        wait_for(lambda: os.readlink(f"/proc/{self.machine.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        self.enter = ["nsenter", "-t", str(self.machine.pid), "-n"]
        run("ip", "link", "add", "outside", "type", "veth", "peer", "name", "inside")
        run("ip", "link", "set", "inside", "netns", self.machine.pid)
        for address in (f"{HUB}/24", f"{PEER}/24"):
            run("ip", "addr", "add", address, "dev", "outside")
        run("ip", "addr", "add", f"{PEER6}/64", "dev", "outside", "nodad")
        run("ip", "link", "set", "outside", "up")
        run(*self.enter, "ip", "link", "set", "lo", "up")
        run(*self.enter, "ip", "addr", "add", f"{MACHINE}/24", "dev", "inside")
        run(*self.enter, "ip", "addr", "add", f"{MACHINE6}/64", "dev", "inside", "nodad")
        run(*self.enter, "ip", "link", "set", "inside", "up")
        self._hosts = scratch() / "hosts"
        self.name_leads_to(HUB)
        run("mount", "--bind", self._hosts, "/etc/hosts")

    def name_leads_to(self, *addresses):
        self._hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{a} {NAME}\n" for a in addresses))

    def hub(self, *agency):
        """Set up, not started; at the address that the machine reaches."""
        Client.HOST = HUB
        hub = Hub()
        hub.config = {"https_address": f"{NAME}:{hub.port}", "server_names": [HUB]}
        return hub.init(*agency)

    def agent(self, hub, token, **settings):
        return _AgentApart(hub, self.enter, settings).enrol(token).start()

    def end(self):
        self.machine.kill()


class _AgentApart(Agent):
    def __init__(self, hub, enter, settings):
        super().__init__(hub)
        self._enter = enter
        self._settings = {"heartbeat_every": "5s", **settings}

    def enrol(self, token):
        run(*self._enter, AGENT, "enrol", "--data", self.data, token)
        (self.data / "agent.json").write_text(json.dumps(self._settings))
        return self

    def start(self, *more):
        self.process = ends_with_us(subprocess.Popen([*self._enter, AGENT, "run", "--data", self.data, *more], stdin=subprocess.DEVNULL,
                                                     stdout=open(self.log, "ab"), stderr=subprocess.STDOUT))
        return self


ASK = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 2) as c:
        c.settimeout(2)
        sys.exit(0 if c.recv(5) == b'hello' else 3)
except OSError as e:
    sys.exit(3)
"""


def greeted(prefix, address, port):
    """Is somebody there who greets, seen from where `prefix` leads?"""
    done = subprocess.run([*prefix, sys.executable, "-c", ASK, address, str(port)])
    assert done.returncode in (0, 3), done
    return done.returncode == 0
