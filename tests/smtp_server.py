# SPDX-License-Identifier: Apache-2.0
"""A mail server for tests: real sockets, STARTTLS, sign-in, and every way in which servers disappoint. What it accepted it keeps
(`mails`), what it saw it counts. Standard library only. Modes, which may change while it runs:

    good                                       takes everything
    down                                       does not listen
    slow                                       takes its time before each answer (pause), long after the final dot (pause_at_dot), and
                                               between keeping a mail and saying so (pause_kept)
    hang                                       says nothing after RCPT
    greylist                                   450 to an unknown (sender, recipient), taken when tried again
    greeting STAGE REPLY                       refuse[stage] = "550 no": instead of the answer at greeting, ehlo, auth, mail, rcpt, data, dot
    cut                                        takes the mail, and the line breaks before the answer to the dot
    cut_data                                   the line breaks in the middle of the message
    one recipient                              refuse_to[address] = "550 no such mailbox", hang_at = {address}"""
import base64
import email
import email.header
import pathlib
import re
import socket
import ssl
import threading
import time


class Mail:
    def __init__(self, to, raw):
        self.to = to
        self.at = time.monotonic()
        self.message = email.message_from_bytes(raw)
        self.id = self.message["Message-ID"]
        self.subject = str(email.header.make_header(email.header.decode_header(self.message["Subject"])))
        self.text = self.message.get_payload(decode=True).decode()


class SmtpServer:
    def __init__(self, cert=None, key=None, user=None, password=None):
        """With `cert` and `key` (files) it offers STARTTLS and takes nothing before; with `user` it wants a sign-in."""
        self.context = None
        if cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(cert, key)
        self.secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode() if user else None
        self.lock = threading.Lock()
        self.mails = []
        self.connections = 0
        self.tried = {}  # recipient -> times
        self.open = set()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.listener = None
        self.good()

    # ---- how it behaves ------------------------------------------------------------------------------------------------
    def good(self):
        self.refuse, self.refuse_to, self.hang_at = {}, {}, set()
        self.pause = self.pause_at_dot = self.pause_kept = 0
        self.greylist_after = None  # seconds until a second try is welcome
        self.cut = self.cut_data = 0  # so many times
        self.seen = {}
        return self

    def start(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(64)
        threading.Thread(target=self._serve, args=(self.listener,), daemon=True).start()
        return self

    def down(self):
        """Stops listening and ends what is open."""
        if self.listener:
            # close() alone would leave accept() waiting.
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        with self.lock:
            talks, self.open = self.open, set()
        for talk in talks:
            try:
                talk.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def to(self, address):
        with self.lock:
            return [mail for mail in self.mails if mail.to == address]

    def ids(self):
        with self.lock:
            return [mail.id for mail in self.mails]

    # ---- the talk ------------------------------------------------------------------------------------------------------
    def _serve(self, listener):
        while True:
            try:
                talk, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open.add(talk)
            threading.Thread(target=self._guard, args=(talk,), daemon=True).start()

    def _guard(self, talk):
        try:
            self._answer(talk)
        except (OSError, ValueError, ssl.SSLError):
            pass
        finally:
            with self.lock:
                self.open.discard(talk)
            talk.close()

    def _answer(self, talk):
        stream, is_tls, is_known, to = talk.makefile("rwb"), False, False, None

        def say(text, stage=None):
            time.sleep(self.pause)
            text = self.refuse.get(stage, text)
            stream.write(text.encode() + b"\r\n")
            stream.flush()
            return not text.startswith(("4", "5"))
        if not say("220 thu.example ESMTP", "greeting"):
            return
        while line := stream.readline().decode().rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                more = (["STARTTLS"] if self.context and not is_tls else []) + (["AUTH PLAIN"] if self.secret and (is_tls or not self.context) else [])
                say("\r\n".join(f"250-{word}" for word in ["thu.example", *more]) + "\r\n250 HELP", "ehlo")
            elif verb == "STARTTLS" and self.context:
                say("220 go")
                stream.close()
                with self.lock:
                    self.open.discard(talk)
                talk = self.context.wrap_socket(talk, server_side=True)
                with self.lock:
                    self.open.add(talk)
                stream, is_tls = talk.makefile("rwb"), True
            elif verb == "AUTH":
                word = line.split(" ")[2] if line.count(" ") == 2 else None
                if word is None:
                    say("334 ")
                    word = stream.readline().decode().strip()
                is_known = word == self.secret
                say("235 ok" if is_known else "535 no", "auth")
            elif verb == "MAIL":
                ready = (is_tls or not self.context) and (is_known or not self.secret)
                say("250 ok" if ready else "530 5.7.0 Must issue a STARTTLS command first", "mail")
            elif verb == "RCPT":
                to = self._recipient(line, say)
            elif verb == "DATA":
                if say("354 go", "data"):
                    if not self._take(stream, to, say):
                        return
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("502 what")

    def _recipient(self, line, say):
        to = re.search(r"<(.*)>", line)[1]
        with self.lock:
            self.tried[to] = self.tried.get(to, 0) + 1
            first = self.seen.setdefault(to, time.monotonic())
        if to in self.hang_at:
            time.sleep(600)
        if to in self.refuse_to:
            say(self.refuse_to[to])
            return None
        if self.greylist_after is not None and time.monotonic() - first < self.greylist_after:
            say("450 4.7.1 Greylisted, please try again")
            return None
        return to if say("250 ok", "rcpt") else None

    def _take(self, stream, to, say):
        lines = []
        while (piece := stream.readline()) != b".\r\n":
            if not piece.endswith(b"\r\n") or self._use_up("cut_data"):
                return False
            lines.append(piece[1:] if piece.startswith(b".") else piece)
        time.sleep(self.pause_at_dot)
        if "dot" in self.refuse:
            return say("", "dot") or True
        with self.lock:
            self.mails.append(Mail(to, b"".join(lines)))
        if self._use_up("cut"):
            return False
        time.sleep(self.pause_kept)
        return say("250 2.0.0 kept")

    def _use_up(self, name):
        with self.lock:
            left = getattr(self, name)
            setattr(self, name, max(0, left - 1))
            return left > 0


def make_certificate(folder, run):
    """cert.pem and key.pem for localhost."""
    folder = pathlib.Path(folder)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", folder / "key.pem", "-out", folder / "cert.pem")
    return folder / "cert.pem", folder / "key.pem"
