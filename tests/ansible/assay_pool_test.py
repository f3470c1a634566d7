#!/usr/bin/env python3
"""ansible/inventory/assay_pool as a program: what it prints as inventory, when it grows and shrinks, whom it lets go, what it refuses."""
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import time
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "ansible" / "inventory" / "assay_pool"


class Scheduler(http.server.BaseHTTPRequestHandler):
    """The two answers that are asked for, in the words of docs/openapi.yaml."""

    capacity = {"backlog": 0, "agents_needed": 0}
    agents = []

    def do_GET(self):
        if self.headers["Authorization"] != "Bearer secret":
            self.send_error(401)
            return
        body = self.capacity if self.path.startswith("/v1/capacity?in_s=") else {"agents": self.agents} if self.path == "/v1/agents" else None
        self.send_response(200 if body is not None else 404)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


class Pool(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.dir = pathlib.Path(self.place.name)
        self.pool = {"scheduler": {"s": {}}, "hosts": {name: {} for name in "abcd"}, "wanted_file": "wanted", "min": 1, "shrink_after_s": 0}

    def run_pool(self, *words, fails=False):
        (self.dir / "pool.json").write_text(json.dumps(self.pool))
        done = subprocess.run([PROGRAM, *words], env={**os.environ, "ASSAY_POOL": str(self.dir / "pool.json")}, capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1 if fails else 0, done.stderr)
        return done.stderr if fails else done.stdout

    def decide(self, wanted=None):
        if wanted is not None:
            (self.dir / "wanted").write_text(f"{wanted}\n")
        self.run_pool("decide")
        return self.groups()

    def groups(self):
        groups = json.loads(self.run_pool("--list"))
        return " ".join(f"{name[6:]}={','.join(groups[name]['hosts'])}" for name in ("assay_agents", "assay_leaving", "assay_spare"))

    def serve(self, capacity, agents=()):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("S", (Scheduler,), {"capacity": capacity, "agents": list(agents)}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        (self.dir / "token").write_text("secret\n")
        self.pool.pop("wanted_file", None)
        self.pool.update({"api": f"http://127.0.0.1:{server.server_port}", "token_file": "token"})

    def test_grows_at_once_in_order_and_within_its_bounds(self):
        self.assertEqual(self.groups(), "agents= leaving= spare=a,b,c,d")
        self.assertEqual(self.decide(2), "agents=a,b leaving= spare=c,d")
        self.assertEqual(self.decide(99), "agents=a,b,c,d leaving= spare=")
        self.pool["max"] = 3
        self.assertEqual(self.decide(99), "agents=a,b,c leaving=d spare=")

    def test_who_leaves_is_drained_before_it_is_spare(self):
        self.decide(3)
        self.assertEqual(self.decide(0), "agents=a leaving=b,c spare=d".replace("b,c", "c,b"))
        self.assertEqual(self.decide(2), "agents=a,d leaving=c,b spare=")  # not taken back while it leaves
        self.assertIn("spare again: c b", self.run_pool("settle"))
        self.assertEqual(self.groups(), "agents=a,d leaving= spare=b,c")

    def test_shrinks_only_after_a_while_and_to_the_most_wanted_in_it(self):
        self.pool["shrink_after_s"] = 2
        self.decide(4)
        self.assertEqual(self.decide(1), "agents=a,b,c,d leaving= spare=")
        self.assertEqual(self.decide(3), "agents=a,b,c,d leaving= spare=")
        time.sleep(2.1)
        self.assertEqual(self.decide(1), "agents=a,b,c leaving=d spare=")

    def test_lets_those_go_that_run_least_and_keeps_them_until_they_are_gone(self):
        self.serve({"backlog": 9, "agents_needed": 3})
        self.decide()
        lease = [{"scan_id": "x"}]
        self.serve({"backlog": 1, "agents_needed": 1}, [{"name": n, "connected": True, "leases": lease if n == "c" else []} for n in "abc"])
        self.assertEqual(self.decide(), "agents=c leaving=b,a spare=d")
        self.assertIn("still leaving: b a", self.run_pool("settle"))
        self.assertEqual(self.groups(), "agents=c leaving=b,a spare=d")

    def test_keeps_what_it_has_while_no_pace_is_known_and_shrinks_when_nothing_waits(self):
        self.serve({"backlog": 9, "agents_needed": 3})
        self.decide()
        self.serve({"backlog": 9, "agents_needed": None})
        self.assertEqual(self.decide(), "agents=a,b,c leaving= spare=d")
        self.serve({"backlog": 0, "agents_needed": None})
        self.assertEqual(self.decide(), "agents=a leaving=c,b spare=d")

    def test_decides_nothing_when_it_is_not_answered(self):
        self.serve({"backlog": 9, "agents_needed": 2})
        self.decide()
        (self.dir / "token").write_text("wrong\n")
        self.assertIn("needs the role read", self.run_pool("decide", fails=True))
        self.pool["api"] = "http://127.0.0.1:1"
        self.assertIn("nothing was decided", self.run_pool("decide", fails=True))
        self.assertEqual(self.groups(), "agents=a,b leaving= spare=c,d")

    def test_names_what_is_wrong_with_a_pool(self):
        for change, said in (
            ({"hosts": {}}, "'hosts' has none"),
            ({"scheduler": {"s": {}, "t": {}}}, "must have one host, and has 2"),
            ({"min": 5}, "min <= max <= number of hosts: 5, 4, 4"),
            ({"min": True}, "'min' and 'max' must be numbers"),
            ({"wanted": 3}, "'wanted' is not known; known are api"),
            ({"api": "farm:8440"}, "'api' must be a URL"),
            ({"api": "http://farm.example"}, "'api' needs 'token_file'"),
            ({"wanted_file": ""}, "neither 'api' nor 'wanted_file'"),
            ({"shrink_after_s": -1}, "must be seconds"),
        ):
            kept = dict(self.pool)
            self.pool.update(change)
            self.assertIn(said, self.run_pool("--list", fails=True))
            self.pool = kept
        (self.dir / "wanted").write_text("many")
        self.assertIn("must hold one number", self.run_pool("decide", fails=True))

    def test_a_state_that_was_damaged_is_not_taken_for_an_empty_farm(self):
        self.decide(2)
        (self.dir / "pool.json.state").write_text("{")
        self.assertIn("cannot be read", self.run_pool("decide", fails=True))


if __name__ == "__main__":
    unittest.main()
