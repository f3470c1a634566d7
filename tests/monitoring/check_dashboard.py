#!/usr/bin/env python3
"""check_dashboard.py: holds the Grafana dashboard against dashboard.schema.json, and looks for what no schema sees: panels that lie on each other, ids that are
there twice, variables that nobody defines, expressions that promtool cannot read. The schema itself must refuse what Grafana would not understand."""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

HERE = pathlib.Path(__file__).resolve().parent
DASHBOARD = HERE.parents[1] / "ansible/roles/monitoring/files/assay-dashboard.json"
ROWS = ["Farm", "Queue", "Agents", "Store", "Detection", "Gateway"]


def broken_copies(dashboard):
    """What is wrong, and the dashboard with it."""

    def without(*path):
        changed = copy.deepcopy(dashboard)
        place = changed
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]
        return changed

    def with_value(value, *path):
        changed = copy.deepcopy(dashboard)
        place = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        return changed

    yield "no uid", without("uid")
    yield "no schemaVersion", without("schemaVersion")
    yield "an old schemaVersion", with_value(16, "schemaVersion")
    yield "a panel without targets", without("panels", 1, "targets")
    yield "a panel of a type that is gone", with_value("graph", "panels", 8, "type")
    yield "a panel without a place", without("panels", 2, "gridPos")
    yield "a panel wider than the page", with_value(25, "panels", 2, "gridPos", "w")
    yield "a fixed data source", with_value("abc123", "panels", 1, "datasource", "uid")
    yield "an unknown unit", with_value("seconds", "panels", 8, "fieldConfig", "defaults", "unit")
    yield "a misspelt field", with_value("x", "panels", 1, "targets", 0, "legend")
    yield "a variable without a query", without("templating", "list", 1, "query")
    yield "no time", without("time")


def check_layout(panels):
    ids = [panel["id"] for panel in panels]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        yield f"id {twice} is there twice"
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    if rows != ROWS:
        yield f"rows are {rows}, not {ROWS}"
    taken = {}
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"'{panel['title']}' reaches beyond the page"
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
            if cell in taken:
                yield f"'{panel['title']}' lies on '{taken[cell]}'"
                break
            taken[cell] = panel["title"]


def check_expressions(dashboard):
    defined = {one["name"] for one in dashboard["templating"]["list"]}
    expressions = []
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            for name in re.findall(r"\$\{?(\w+)", target["expr"]):
                if name not in defined:
                    yield f"'{panel['title']}' uses ${name}, which is no variable"
            expressions.append(re.sub(r"\$\{?\w+\}?", ".*", target["expr"]))
    for name in defined - {"datasource"}:
        if not any(f"${name}" in target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])):
            yield f"variable {name} is used nowhere"
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(expressions)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml", prefix="assay-panels-") as file:
        yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}, file)
        file.flush()
        checked = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            yield checked.stdout + checked.stderr


def main():
    schema = json.loads((HERE / "dashboard.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    dashboard = json.loads(DASHBOARD.read_text())
    wrong = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in validator.iter_errors(dashboard)]
    if not wrong:
        wrong += [f"the schema takes a dashboard with {what}" for what, broken in broken_copies(dashboard) if validator.is_valid(broken)]
        wrong += list(check_layout(dashboard["panels"]))
        wrong += list(check_expressions(dashboard))
    for line in wrong:
        print(line)
    print(f"{len(dashboard['panels'])} panels")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
