#!/usr/bin/env python3
"""check_alerts.py: that every alert has what an operator needs, and tests that can fail.

Looks at ansible/roles/monitoring/files/assay.rules.yml, the tests beside this file, and docs/operations.md:
- each alert has severity (page, ticket), summary, description, and a runbook_url whose anchor is there; each section of an alert belongs to one, and the page's
  own links lead somewhere;
- each has a test that says when it fires, and one that says when it does not, with a series that is `near`;
- its tests notice when it is made worse: never firing, without its `for`, with any of its thresholds moved by a fifth. Each of these mutants is put before
  promtool; one that passes is named.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RULES = ROOT / "ansible/roles/monitoring/files/assay.rules.yml"
RUNBOOKS = "docs/operations.md"


def anchors(page):
    """The anchors of a page's headings, as code hosts make them: lower case, no punctuation, spaces as hyphens."""
    found = set()
    for line in page.read_text().splitlines():
        heading = re.match(r"#+ (.*)", line)
        if heading:
            found.add(re.sub(r"[^\w\- ]", "", heading.group(1).strip().lower()).replace(" ", "-"))
    return found


def check_annotations(alert):
    name, annotations = alert["alert"], alert.get("annotations", {})
    if alert.get("labels", {}).get("severity") not in ("page", "ticket"):
        yield f"{name}: severity is `page` or `ticket`"
    for field in ("summary", "description"):
        if not annotations.get(field, "").strip():
            yield f"{name}: no {field}"
    url = annotations.get("runbook_url", "")
    if url != f"{RUNBOOKS}#{name.lower()}":
        yield f"{name}: its runbook_url is {RUNBOOKS}#{name.lower()}, not '{url}'"


def check_runbooks(alerts):
    there = anchors(ROOT / RUNBOOKS)
    for alert in alerts:
        if alert["alert"].lower() not in there:
            yield f"{alert['alert']}: {RUNBOOKS} has no section of this name"
    for link in sorted(set(re.findall(r"\]\(#([^)]*)\)", (ROOT / RUNBOOKS).read_text())) - there):
        yield f"{RUNBOOKS}: no section for its link #{link}"
    known = {alert["alert"].lower() for alert in alerts}
    for anchor in sorted(there):
        if anchor.startswith("assay") and " " not in anchor and "-" not in anchor and anchor not in known:
            yield f"{RUNBOOKS}: section '{anchor}' is of no alert"


def check_tests(name, tests):
    samples = [one["exp_samples"] for test in tests for one in test["promql_expr_test"]]
    if not any(samples):
        yield f"{name}: no test says that it fires"
    near = any("near" in one["series"] for test in tests for one in test["input_series"])
    if not near:
        yield f"{name}: no test has a series that is `near`, just below"
    for test in tests:
        for one in test["promql_expr_test"]:
            if f'alertname="{name}"' not in one["expr"] or any("near" in sample["labels"] for sample in one["exp_samples"]):
                yield f"{name}: test '{test['name']}' asks for another alert, or wants one that is near to fire"


def scaled(number, by):
    return repr(float(number) * by)


# What makes an expression looser: pattern, and what to put for a match.
LOOSER = [
    (r"> (\d+(?:\.\d+)?)(?![\d.]| \*)", lambda m: ">= 0" if float(m[1]) == 0 else f"> {scaled(m[1], 0.8)}"),
    (r">= (\d+)(?![\d.])", lambda m: f">= {scaled(m[1], 0.6)}"),  # of what is counted: at least one less
    (r"< (\d+(?:\.\d+)?)(?![\d.])", lambda m: f"< {scaled(m[1], 1.2)}"),
    (r"== \d+", lambda m: ">= 0"),
    (r"\b(\d+\.\d+) \*", lambda m: f"{scaled(m[1], 0.8)} *"),
    (r"> (\d+)(?![\d.]) \*", lambda m: f"> {scaled(m[1], 0.95)} *"),
    (r", (\d+)\)", lambda m: f", {scaled(m[1], 1.2)})"),
    (r"_bytes < assay", lambda m: "_bytes <= assay"),
]


def looser(expression):
    for pattern, put in LOOSER:
        for match in re.finditer(pattern, expression):
            yield expression[: match.start()] + put(match) + expression[match.end() :]


def used(expression, recorded):
    """The recording rules that an expression needs."""
    found = [rule for rule in recorded if rule["record"] in expression]
    return [deeper for rule in found for deeper in used(rule["expr"], recorded)] + found


def mutants(alert, recorded):
    """What the mutant is, and the rules with it."""
    needs = used(alert["expr"], recorded)
    yield "that never fires", [*needs, {**alert, "expr": "vector(0) > 1"}]
    if "for" in alert:
        yield "that does not wait", [*needs, {key: value for key, value in alert.items() if key != "for"}]
    for expression in looser(alert["expr"]):
        yield expression, [*needs, {**alert, "expr": expression}]
    for i, rule in enumerate(needs):
        for expression in looser(rule["expr"]):
            changed = {**rule, "expr": expression}
            yield f"{rule['record']} = {expression}", [*needs[:i], changed, *needs[i + 1 :], alert]


def write_case(directory, number, rules, file, tests):
    rule_file = directory / f"{number}.rules.yml"
    rule_file.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    case = directory / f"{number}.test.yml"
    tests = [{key: value for key, value in test.items() if key != "alert_rule_test"} for test in tests]
    case.write_text(
        yaml.safe_dump({"rule_files": [str(rule_file)], "evaluation_interval": file["evaluation_interval"], "tests": tests})
    )
    return case


def run_cases(cases):
    """Which of these pass, by promtool's word."""
    # A rule that promtool cannot read fails every test.
    rules = [case.replace(".test.yml", ".rules.yml") for case in cases]
    subprocess.run(["promtool", "check", "rules", *rules], stdout=subprocess.DEVNULL, check=True)
    done = subprocess.run(["promtool", "test", "rules", *cases], capture_output=True, text=True, check=False)
    passed, current = {}, None
    for line in done.stdout.splitlines():
        if line.startswith("Unit Testing:"):
            current = line.split()[-1]
            passed[current] = False
        elif line.strip() == "SUCCESS":
            passed[current] = True
    return passed


def check_mutants(alerts, recorded, files):
    with tempfile.TemporaryDirectory(prefix="assay-alerts-") as place:
        directory, cases = pathlib.Path(place), {}
        for alert in alerts:
            for file, tests in files.get(alert["alert"], []):
                # The unchanged one, too: it has to pass, or all of this says nothing.
                kinds = [("unchanged", [*used(alert["expr"], recorded), alert]), *mutants(alert, recorded)]
                for what, rules in kinds:
                    case = write_case(directory, len(cases), rules, file, tests)
                    cases[str(case)] = (alert["alert"], what)
        passed = run_cases(cases)
        for case, (name, what) in cases.items():
            if case not in passed:
                yield f"{name}: promtool said nothing of the mutant {what}"
            elif passed[case] != (what == "unchanged"):
                yield f"{name}: its tests {'pass for the mutant' if passed[case] else 'fail'}: {what}"
        print(f"{len(alerts)} alerts, {len(cases)} cases")


def main():
    groups = yaml.safe_load(RULES.read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    alerts = [rule for rule in rules if "alert" in rule]
    recorded = [rule for rule in rules if "record" in rule]
    files = {}  # by alert: its tests, with the file that they are of
    for path in sorted(HERE.glob("alerts_*_test.yml")):
        file = yaml.safe_load(path.read_text())
        by_alert = {}
        for test in file["tests"]:
            by_alert.setdefault(test["name"].split(",")[0], []).append(test)
        for name, tests in by_alert.items():
            files.setdefault(name, []).append((file, tests))
    wrong = []
    names = [alert["alert"] for alert in alerts]
    wrong += [f"{name}: there are two of this name" for name in sorted({n for n in names if names.count(n) > 1})]
    wrong += [f"a test is of '{name}', which is no alert" for name in files if name not in names]
    for alert in alerts:
        wrong += check_annotations(alert)
        if alert["alert"] not in files:
            wrong.append(f"{alert['alert']}: no test")
            continue
        wrong += check_tests(alert["alert"], [test for _, tests in files[alert["alert"]] for test in tests])
    wrong += check_runbooks(alerts)
    wrong += check_mutants(alerts, recorded, files)
    for line in wrong:
        print(line)
    sys.exit(1 if wrong or not alerts else 0)


if __name__ == "__main__":
    main()
