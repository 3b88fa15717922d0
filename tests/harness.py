# SPDX-License-Identifier: Apache-2.0
"""Starts the real programs for whole-program tests: hub, agent, rsyslog, each in a folder of the test, on loopback ports
of their own, ended by pid. Python's standard library only. A test that cannot run here calls skip()."""
import atexit
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
BUILD = pathlib.Path(os.environ.get("PHENDAU_BUILD", ROOT / "build" / "dev"))
PHENDAU = BUILD / "src" / "phendau"
AGENT = BUILD / "src" / "phendau-agent"
PACK = ROOT / "packs" / "ha-giang"
FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
HANOI = datetime.timezone(datetime.timedelta(hours=7))
_running = []


def skip(why):
    """ctest counts exit code 77 as skipped (SKIP_RETURN_CODE)."""
    print(f"skipped: {why}")
    sys.exit(77)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, seconds=30, step=0.05):
    """Calls `what` until it returns something true; the last value, or an AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {getattr(what, '__name__', what)}; last: {value!r}")
        time.sleep(step)


HUB_UID = 65534  # nobody: the hub refuses to run as root
AS_ROOT = os.geteuid() == 0


def day_text(days_ahead):
    """A day as the hub counts them, YYYY-MM-DD."""
    return (datetime.datetime.now(HANOI) + datetime.timedelta(days=days_ahead)).date().isoformat()


def scratch():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="phendau-test-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


# Compiled rules of the programs that a test starts; never those of who runs it.
os.environ["XDG_CACHE_HOME"] = str(scratch())


def give_to_hub(path):
    """Hands a tree to the account that the hub runs as, when the tests run as root."""
    if AS_ROOT:
        for item in [path, *path.rglob("*")]:
            os.chown(item, HUB_UID, HUB_UID)


def hub_account():
    return {"user": HUB_UID, "group": HUB_UID, "extra_groups": []} if AS_ROOT else {}


def run(*argv, check=True, text=True, **more):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=text, timeout=600, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{argv} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def spawn(*argv, log, **more):
    with open(log, "ab") as out:
        process = subprocess.Popen([str(a) for a in argv], stdout=out, stderr=out, stdin=subprocess.DEVNULL, **more)
    return ends_with_us(process)


def ends_with_us(process):
    """What outlives a test that failed would hold its output, and whoever reads that would wait."""
    _running.append(process)
    return process


@atexit.register
def _end_everything():
    for process in _running:
        if process.poll() is None:
            process.kill()
            process.wait()


RSYSLOGD = pathlib.Path(shutil.which("rsyslogd") or "/usr/sbin/rsyslogd")
_FORWARD = """\
global(workDirectory="{folder}")
module(load="imfile" mode="polling" pollingInterval="1")
input(type="imfile" file="{log}" tag="sshd-file:" severity="info" facility="auth")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" template="RSYSLOG_TraditionalForwardFormat"
       action.resumeRetryCount="-1" action.resumeInterval="1")
"""


def forward_by_rsyslog(source, port):
    """Debian's rsyslogd reads a copy of the file and sends its lines over TCP."""
    folder = scratch()
    log = folder / "auth.log"
    shutil.copyfile(source, log)
    config = folder / "rsyslog.conf"
    config.write_text(_FORWARD.format(folder=folder, log=log, port=port))
    return spawn(RSYSLOGD, "-n", "-f", config, "-i", folder / "rsyslogd.pid", log=folder / "rsyslogd.log")


class Problem(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body if isinstance(body, dict) else {}


def refused(status, call, *words, code=None):
    """What `call` is told instead of an answer: a problem with this status (and code) whose text has these words."""
    try:
        call()
    except Problem as problem:
        assert problem.status == status and (code is None or problem.body.get("code") == code), (problem.status, problem.body)
        for word in words:
            assert word in problem.body["text"], (word, problem.body["text"])
        return problem.body
    raise AssertionError(f"was not refused with {status}")


class Client:
    """A browser's view of the API: cookie, anti-forgery token, JSON. `source`: the loopback address it comes from."""

    HOST = "127.0.0.1"

    def __init__(self, port, source=None):
        self.port = port
        self.source = source
        self.cookie = None
        self.csrf = None
        self.user = None

    def raw(self, method, path, body=None, headers=None, timeout=60):
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(self.HOST, self.port, context=context, timeout=timeout,
                                                 source_address=(self.source, 0) if self.source else None)
        all_headers = dict(headers or {})
        if self.cookie:
            all_headers["Cookie"] = f"phendau_session={self.cookie}"
        if self.csrf and method != "GET":
            all_headers.setdefault("X-CSRF-Token", self.csrf)
        connection.request(method, path, body=body, headers=all_headers)
        response = connection.getresponse()
        data = response.read()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie" and value.startswith("phendau_session="):
                self.cookie = value.split(";")[0].split("=", 1)[1] or None
        connection.close()
        return response, data

    def call(self, method, path, body=None, headers=None, **query):
        target = "/api/v1" + path
        query = {k: v for k, v in query.items() if v is not None}
        if query:
            target += "?" + urllib.parse.urlencode({k.rstrip("_"): v for k, v in query.items()})
        headers = dict(headers or {})
        payload = body
        if body is not None and not isinstance(body, bytes):
            payload = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        response, data = self.raw(method, target, payload, headers)
        parsed = data
        if "json" in (response.getheader("Content-Type") or "") and "ndjson" not in response.getheader("Content-Type"):
            parsed = json.loads(data) if data else None
        if response.status >= 400:
            raise Problem(response.status, parsed)
        return parsed

    def get(self, path, **query):
        return self.call("GET", path, **query)

    def post(self, path, body=None, headers=None, **query):
        return self.call("POST", path, {} if body is None else body, headers, **query)

    def sign_in(self, username, password, new_password=None):
        session = self.post("/session", {"username": username, "password": password})
        self.csrf = session["csrf_token"]
        if session["must_change_password"] and new_password:
            session = self.post("/session/password", {"old": password, "new": new_password})
            self.csrf = session["csrf_token"]
        self.user = session["user"]
        return self


class Clock:
    """The hub's wall clock (libfaketime): the machine's, moved by so many seconds. Pauses and file times stay what they are."""

    def __init__(self, folder):
        self.file = folder / "clock.txt"
        self.offset = 0

    def move(self, at):
        """The hub re-reads the file every second."""
        self.offset = round(at.timestamp() - time.time())
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{self.offset:+d}\n")
        fresh.chmod(0o644)
        fresh.replace(self.file)
        time.sleep(2.1)  # the library counts its second in whole ones

    def now(self):
        return datetime.datetime.fromtimestamp(time.time() + self.offset, HANOI)

    @contextlib.contextmanager
    def for_children(self):
        more = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_CACHE_DURATION": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        before = {name: os.environ.get(name) for name in more}
        os.environ.update(more)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


class Hub:
    ADMIN_PASSWORD = "Phen-dau-2026!"

    def __init__(self, folder=None, pack=PACK, config=None):
        self.folder = pathlib.Path(folder or scratch())
        self.data = self.folder / "hub"
        self.log = self.folder / "hub.log"
        self.pack = pack
        self.port = free_port()
        self.udp = free_port(socket.SOCK_DGRAM)
        self.tcp = free_port()
        self.config = config or {}
        self.process = None
        self.password = None

    def init(self, agency="van-phong", name="Văn phòng thử nghiệm"):
        done = run(PHENDAU, "admin", "init", "--data", self.data, "--pack", self.pack, "--agency-id", agency, "--agency-name",
                   name, "--format", "json", "--lang", "en")
        self.password = json.loads(done.stdout)["password"]
        self.agency = agency
        config = {"pack_dir": str(self.pack), "https_address": f"127.0.0.1:{self.port}",
                  "listeners": [{"protocol": "udp", "address": f"127.0.0.1:{self.udp}", "agency": agency},
                                {"protocol": "tcp", "address": f"127.0.0.1:{self.tcp}", "agency": agency}]}
        # The test machine's disk may be fuller than a province would allow.
        config["disk_quota_percent"] = 98
        config.update(self.config)
        (self.data / "hub.json").write_text(json.dumps(config))
        return self

    def change_config(self, **members):
        """Rewrites hub.json; takes effect at the next start."""
        path = self.data / "hub.json"
        config = json.loads(path.read_text())
        config.update(members)
        path.write_text(json.dumps(config))
        return self

    def start(self, wait=True):
        give_to_hub(self.data)
        self.process = spawn(PHENDAU, "hub", "--data", self.data, "--lang", "en", log=self.log, **hub_account())
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def healthy():
            if self.process.poll() is not None:
                raise AssertionError(f"hub ended with {self.process.returncode}\n{self.log.read_text()[-4000:]}")
            try:
                return Client(self.port).get("/health")["status"] == "ok"
            except (OSError, Problem, http.client.HTTPException):
                return False
        wait_for(healthy, 60)

    def token(self, agency=None):
        """Before start(): the ledger belongs to one process."""
        return run(PHENDAU, "admin", "token", "--data", self.data, "--agency", agency or self.agency).stdout.split()[0]

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)
        return self.process.returncode if self.process else None

    def admin(self):
        client = Client(self.port)
        if self.password:
            client.sign_in("admin", self.password, self.ADMIN_PASSWORD)
            self.password = None
        else:
            client.sign_in("admin", self.ADMIN_PASSWORD)
        return client

    def errors(self):
        """Lines of the hub's log that ask a person to act."""
        return [line for line in self.log.read_text().splitlines() if '"level":"error"' in line]


class Agent:
    def __init__(self, hub, folder=None, channels=None):
        self.hub = hub
        self.folder = pathlib.Path(folder or scratch())
        self.data = self.folder / "agent"
        self.log = self.folder / "agent.log"
        self.process = None

    def enrol(self, token):
        run(AGENT, "enrol", "--data", self.data, token)
        return self

    def start(self, *more):
        self.process = spawn(AGENT, "run", "--data", self.data, *more, log=self.log)
        return self

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)


def verify_journal(data):
    done = run(PHENDAU, "journal", "verify", "--data", data, "--format", "json", check=False)
    return done.returncode, json.loads(done.stdout)
