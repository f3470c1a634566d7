"""farm.py: a small real farm on loopback for check_metrics.py and `measure`: scheduler, gateway, and, for root, an agent; and a registry that answers 429 to
all. Everything it starts it ends, by pid, and its directory goes."""

import contextlib
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds, for whatever is waited for: many programs may share the machine


class BusyRegistry(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.send_response(429)
        self.send_header("Retry-After", "30")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = answer  # noqa: N815

    def log_message(self, *args):
        pass


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_until(what, happened):
    """What `happened` returns, once that is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        got = happened()
        if got:
            return got
        time.sleep(0.1)
    raise RuntimeError(f"waited {PATIENCE} s for {what}")


class Farm:
    def __init__(self, bin_dir):
        self.bin = pathlib.Path(bin_dir)
        self.stack = contextlib.ExitStack()
        self.processes = {}
        self.dir = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-farm-")))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in reversed(list(self.processes)):
            self.stop(name)
        self.stack.close()

    def run(self, *argv):
        return subprocess.run([self.bin / argv[0], *argv[1:]], check=True, capture_output=True, text=True, timeout=PATIENCE).stdout.strip()

    def start(self, name, program, *options):
        log = open(self.dir / f"{name}.log", "w", encoding="utf-8")  # noqa: SIM115
        with log:
            self.processes[name] = subprocess.Popen([self.bin / program, *map(str, options)], stdout=log, stderr=log, start_new_session=True)

    def stop(self, name):
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def log(self, name):
        return (self.dir / f"{name}.log").read_text(encoding="utf-8")

    def logged(self, name, pattern):
        """The first group of a line of its log, waited for."""

        def look():
            found = re.search(pattern, self.log(name))
            if not found and self.processes[name].poll() is not None:
                raise RuntimeError(f"{name} has ended:\n{self.log(name)}")
            return found

        return wait_until(f"'{pattern}' in the log of {name}", look).group(1)

    def certificate(self):
        files = self.dir / "tls.crt", self.dir / "tls.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
            + ["-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
            check=True,
            capture_output=True,
        )
        return files

    def start_scheduler(self, *options):
        keys, tokens = self.dir / "keys", self.dir / "tokens"
        self.wire = free_port()
        self.run("assay", "keys", "new", "--scheduler", "--dir", str(keys))
        self.token = self.run("assay", "tokens", "new", "ops", "admin,read,submit,operate", "--file", str(tokens))
        (self.dir / "token").write_text(self.token + "\n")
        self.cert, key = self.certificate()
        self.start(
            "scheduler", "assay-scheduler", "--bind", f"tcp://127.0.0.1:{self.wire}", "--data", self.dir / "store", "--rules", ROOT / "rules", "--keys", keys,
            "--tokens", tokens, "--hooks", self.dir / "hooks", "--api", "127.0.0.1:0", "--api-cert", self.cert, "--api-key", key, *options,
        )  # fmt: skip
        self.api = f"https://127.0.0.1:{self.logged('scheduler', 'event=api port=([0-9]+)')}"

    def start_gateway(self):
        self.start(
            "gateway", "assay-gateway", "--listen", "127.0.0.1:0", "--cert", self.cert, "--key", self.dir / "tls.key", "--scheduler", self.api,
            "--scheduler-ca", self.cert, "--token-file", self.dir / "token", "--policy", ROOT / "docs/policies/lenient.yml", "--metrics", "127.0.0.1:0",
        )  # fmt: skip
        self.gateway_metrics = f"http://127.0.0.1:{self.logged('gateway', 'event=metrics address=[^ ]+ port=([0-9]+)')}/metrics"

    def start_agent(self, *options):
        keys = self.dir / "agent-keys"
        self.run("assay", "keys", "new", "--name", "a", "--dir", str(keys))
        (keys / "scheduler.pub").write_bytes((self.dir / "keys/scheduler.pub").read_bytes())
        public = (keys / "agent.pub").read_text().split()[-1]
        self.run("assay", "keys", "allow", "a", public, "--dir", str(self.dir / "keys"))
        self.processes["scheduler"].send_signal(signal.SIGHUP)
        self.start(
            "agent", "assay-agent", "--connect", f"tcp://127.0.0.1:{self.wire}", "--keys", keys, "--data", self.dir / "agent", "--metrics", "127.0.0.1:0",
            *options,
        )  # fmt: skip
        self.agent_metrics = f"http://127.0.0.1:{self.logged('agent', 'event=metrics address=[^ ]+ port=([0-9]+)')}/metrics"

    def start_busy_registry(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), BusyRegistry)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.stack.callback(server.shutdown)
        return f"127.0.0.1:{server.server_address[1]}"

    def ask(self, path, body=None, url=None, token=None):
        """Status and text of an answer."""
        request = urllib.request.Request((url or self.api) + path, None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {token or self.token}")
        request.add_header("Content-Type", "application/json")
        trust = ssl.create_default_context(cafile=self.cert)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE, context=trust) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self, program):
        if program == "scheduler":
            status, text = self.ask("/metrics")
        else:
            status, text = self.ask("", url=self.agent_metrics if program == "agent" else self.gateway_metrics)
        if status != 200:
            raise RuntimeError(f"metrics of {program}: {status} {text}")
        return text


def is_root():
    return os.geteuid() == 0
