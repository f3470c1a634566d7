#!/usr/bin/env python3
"""check_metrics.py BIN_DIR: that the rules and the dashboard ask for what is there.

Starts a real scheduler, gateway and, as root, an agent, has them count what they count only when it happens, and reads their /metrics. Each metric that a rule
or a panel names must be among them, with each label and value that it is asked by; each recorded series must be recorded. What is found must satisfy
`promtool check metrics`, and stand in the documents. Without root the agent's part is left out, and the test is skipped (77), or has failed where CI=true.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys

import yaml
from farm import ROOT, Farm, is_root, wait_until

ROLE = ROOT / "ansible/roles/monitoring/files"
BUILT_IN = {"up", "ALERTS"}
OF_PROMETHEUS = {"job", "instance", "farm", "alertname", "alertstate", "severity", "le"}
DOCUMENTS = ["docs/api.md", "docs/gateway.md", "docs/operations.md"]


def read_metrics(text):
    """By name: the sets of labels that it stands with."""
    found = {}
    for line in text.splitlines():
        sample = re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ", line)
        if sample and not line.startswith("#"):
            found.setdefault(sample[1], []).append(dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', sample[2] or "")))
    return found


def stir(farm):
    """What is counted by a value from outside has no series before it happens."""
    for order in range(3):
        farm.ask(f"/v1/hooks/none/{order}", {})
    with socket.create_connection(("127.0.0.1", farm.wire)) as peer:
        peer.sendall(b"GET / HTTP/1.0\r\n\r\n" * 8)
        wait_until("a refusal", lambda: "assay_refusals_total{" in farm.metrics("scheduler"))
    if not is_root():
        return
    registry = farm.start_busy_registry()
    status, text = farm.ask("/v1/scans", {"scans": [{"ref": f"{registry}/busy:1", "insecure": True}]})
    if status != 202:
        raise RuntimeError(f"a scan was not taken: {status} {text}")
    wait_until("a registry that is left alone", lambda: f'blocked_seconds_total{{registry="{registry}"}}' in farm.metrics("scheduler"))


def real_metrics(bin_dir):
    found = {}
    with Farm(bin_dir) as farm:
        farm.start_scheduler()
        farm.start_gateway()
        programs = ["scheduler", "gateway"]
        if is_root():
            farm.start_agent("--slots", "1")
            programs.append("agent")
            wait_until("the agent", lambda: "assay_agent_connected 1" in farm.metrics("agent"))
        stir(farm)
        for program in programs:
            text = farm.metrics(program)
            checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
            if checked.returncode != 0:
                raise RuntimeError(f"promtool check metrics, {program}: {checked.stdout}{checked.stderr}")
            for name, labels in read_metrics(text).items():
                found.setdefault(name, []).extend(labels)
            if re.search(r"^assay_certificate_expiry_timestamp_seconds 0$", text, re.M):
                raise RuntimeError(f"{program} says that it has no certificate")
    return found


def questions():
    """Who asks, and the expression."""
    rules = yaml.safe_load((ROLE / "assay.rules.yml").read_text())
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        yield rule.get("alert") or rule["record"], rule["expr"]
    dashboard = json.loads((ROLE / "assay-dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"panel '{panel['title']}'", target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable '{variable['name']}'", variable["definition"]


def documented(name, value):
    """Whether a document's table has this value in the row of this metric: of what is counted by its cause, not every cause can be had here."""
    rows = "".join((ROOT / page).read_text() for page in DOCUMENTS[:2]).splitlines()
    return any(row.startswith("|") and name in row and f"`{value}`" in row for row in rows)


def check_selector(who, name, matchers, there):
    for label, operator, value in re.findall(r'(\w+)\s*(=~|!=|!~|=)\s*"([^"]*)"', matchers or ""):
        if label in OF_PROMETHEUS:
            continue
        if not any(label in labels for labels in there):
            yield f"{who}: {name} has no label {label}"
        elif operator in ("=", "=~"):
            for one in value.split("|") if operator == "=~" else [value]:
                if not any(labels.get(label) == one for labels in there) and not documented(name, one):
                    yield f"{who}: {name} never has {label}=\"{one}\""


def check_question(who, expression, found, recorded):
    names = set()
    for name, matchers in re.findall(r"\b(assay[\w:]*|up|ALERTS)\b(?:\s*\{([^}]*)\})?", re.sub(r'"[^"]*"', lambda m: m[0].replace("assay", "@"), expression)):
        names.add(name)
        if name in BUILT_IN or (":" in name and name in recorded):
            continue
        if name not in found:
            yield f"{who}: nothing has or records {name}"
            continue
        yield from check_selector(who, name, matchers, found[name])
    if not names:
        yield f"{who}: '{expression}' asks for nothing"
    for labels in re.findall(r"(?:by|without|ignoring|on) \(([^)]*)\)", expression):
        for label in filter(None, re.split(r",\s*", labels)):
            known = {key for name in names for one in found.get(name, []) for key in one} | OF_PROMETHEUS
            if label not in known and not any(":" in name for name in names):
                yield f"{who}: '{label}' is a label of nothing in '{expression}'"


def check_documents(found):
    text = "".join((ROOT / name).read_text() for name in DOCUMENTS)
    for name in sorted(found):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        if base not in text and name not in text:
            yield f"{name} stands in none of {', '.join(DOCUMENTS)}"


def main():
    found = real_metrics(pathlib.Path(sys.argv[1]))
    asked = list(questions())
    recorded = {who for who, _ in asked if ":" in who and " " not in who}
    if not is_root():  # The agent's, and what only a lease brings.
        asked = [(who, expression) for who, expression in asked if not re.search("assay_(agent_|pulls_total|registry_blocked)", expression)]
    wrong = [line for who, expression in asked for line in check_question(who, expression, found, recorded)]
    wrong += check_documents(found)
    for line in wrong:
        print(line)
    print(f"{len(found)} metrics, {len(asked)} questions")
    if wrong or not asked or len(found) < 50:
        sys.exit(1)
    if not is_root():
        print("not root: no agent was started, and what it alone has was not looked at")
        sys.exit(1 if os.environ.get("CI") == "true" else 77)


if __name__ == "__main__":
    main()
