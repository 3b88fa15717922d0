# SPDX-License-Identifier: Apache-2.0
"""The part of hub.json that ./dev run decides. What a person added there stays.

  run_settings.py check FILE DEMO HTTPS SYSLOG   says which ports are taken by other programs; exit 1 if any is
  run_settings.py write FILE DEMO HTTPS SYSLOG PACK
  run_settings.py ports FILE                     the HTTPS port, then one line of the syslog ports for people

DEMO is "yes" or empty; HTTPS and SYSLOG (the first of the syslog ports, one per agency) may be empty: what FILE says, or 8443 and
5514 (5524 for the demo, so that both can run beside each other)."""
import json
import os
import socket
import sys

AGENCIES = {"": ["don-vi-nay"], "yes": ["so-thu-nghiem-a", "huyen-thu-nghiem-b", "trung-tam-thu-nghiem-c"]}
FIRST_SYSLOG = {"": 5514, "yes": 5524}


def settings(path, demo, https, syslog):
    new = not os.path.exists(path)
    config = {} if new else read(path)
    if https or new:
        config["https_address"] = f"127.0.0.1:{https or 8443}"
    ours = AGENCIES[demo]
    if syslog or new:
        first = int(syslog or FIRST_SYSLOG[demo])
        # One port per agency: a source belongs to an agency by where it arrives, never by a name in the message.
        made = [{"protocol": p, "address": f"127.0.0.1:{first + i}", "agency": agency}
                for i, agency in enumerate(ours) for p in ("udp", "tcp")]
        old = config.get("listeners", [])
        config["listeners"] = made + [one for one in old if not is_ours(one, ours)]
    if new and demo:
        config["demo"] = True
    return config


def read(path):
    try:
        with open(path) as file:
            return json.load(file)
    except ValueError as problem:
        sys.exit(f"run: {path} không phải là JSON đúng (is no valid JSON): {problem}")


def is_ours(listener, agencies):
    return (set(listener) == {"protocol", "address", "agency"} and listener["protocol"] in ("udp", "tcp")
            and listener["address"].startswith("127.0.0.1:") and listener["agency"] in agencies)


def sockets(config):
    """(address, port, kind) of everything that the hub will bind."""
    yield (*parts(config.get("https_address", "127.0.0.1:8443")), socket.SOCK_STREAM)
    for one in config.get("listeners", []):
        kind = socket.SOCK_DGRAM if one.get("protocol") == "udp" else socket.SOCK_STREAM
        yield (*parts(one.get("address", "")), kind)


def parts(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]") or "0.0.0.0", int(port) if port.isdigit() else 0


def is_taken(host, port, kind):
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
        return False
    except OSError as problem:
        return problem.errno == 98  # EADDRINUSE; the hub itself explains anything else


def check(config):
    https, *syslog = sockets(config)
    taken = sorted({port for _, port, _ in [one for one in syslog if is_taken(*one)]})
    if is_taken(*https):
        print(f"run: cổng {https[1]} đang được chương trình khác dùng: thêm --port N với N là cổng khác. "
              f"(port {https[1]} is taken by another program: add --port N)", file=sys.stderr)
    if taken:
        named = ", ".join(map(str, taken))
        print(f"run: cổng syslog {named} đang được chương trình khác dùng: thêm --syslog-port N với N là cổng khác. "
              f"(syslog port {named} is taken by another program: add --syslog-port N)", file=sys.stderr)
    return 1 if taken or is_taken(*https) else 0


def write(path, config, pack):
    config["pack_dir"] = pack
    temporary = path + ".new"
    with open(temporary, "w") as out:
        json.dump(config, out, indent=2, ensure_ascii=False)
    os.replace(temporary, path)


def ports(path):
    config = read(path)
    print(parts(config.get("https_address", "127.0.0.1:8443"))[1])
    shown = {}
    for one in config.get("listeners", []):
        shown.setdefault((one.get("address", ""), one.get("agency", "")), []).append(one.get("protocol", ""))
    print("; ".join(f"{'+'.join(protocols)} {address} {agency}".rstrip() for (address, agency), protocols in shown.items()))


def main():
    command, path = sys.argv[1:3]
    if command == "ports":
        return ports(path)
    config = settings(path, *sys.argv[3:6])
    if command == "check":
        return check(config)
    return write(path, config, sys.argv[6])


if __name__ == "__main__":
    sys.exit(main())
