#!/usr/bin/python3
"""measure: what corpus-score says of the kept traces, as figures: recall by technique, verdicts, precision, scores, and what each miss lacked.

  measure.py all SCORE RULES ROOT ATOMICS.tsv      ROOT: atomics/, samples/, benign/ with NAME.trace; one of the three instead of all
  measure.py repeat SCORE RULES ROOT               ROOT/repeat/NAME-NN.trace: same verdict, scores within five points

Scans nothing. The tables beside it say what is right: expected.tsv, equivalents.tsv, no-effect.tsv.
"""
import collections
import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# What a miss is told with: the guest's own deeds and what was left behind, but not what every program does to start.
TELLING = r" guest .*\b(exec|clone|open|connect|socket|unlink\w*|rename\w*|chmod|chown|setuid)\b| harvest "
NOISE = r"/ld\.so|/lib/|/usr/lib/|nsswitch|/locale|nscd|gconv"
ORDER = ["clean", "suspicious", "malicious", "inconclusive"]


def table(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]


def score(program, rules, folder, *options):
    """{NAME: summary} of a folder's traces."""
    traces = sorted(glob.glob(os.path.join(folder, "*.trace")))
    if not traces:
        return {}
    lines = subprocess.run([program, "--rules", rules, "--json", *options, *traces], stdout=subprocess.PIPE, check=False).stdout
    reports = [json.loads(line) for line in lines.splitlines()]
    return {os.path.basename(report["trace"]).removesuffix(".trace"): report for report in reports}


def family(technique):
    """The technique, its parent, and whatever names the same deed."""
    names = {technique}
    names |= {row[1] for row in table("equivalents.tsv") if row[0] == technique}
    return names


def is_of(found, technique):
    if found in family(technique):
        return True
    parent = technique.split(".")[0]
    return found == parent or found.split(".")[0] == technique


def techniques(report):
    return sorted({technique for finding in report["findings"] for technique in finding["techniques"]})


def short(text, length=110):
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= length else text[:length - 1] + "…"


def tell_miss(name, report):
    print(f"  {name}: {report['verdict']} {report['score']}; named: {', '.join(techniques(report)) or 'nothing'}")
    for event in [event for event in report.get("events", []) if re.search(TELLING, event) and not re.search(NOISE, event)][:8]:
        print(f"      {short(re.sub(r'^.*?s (guest|host) +', '', event))}")
    if report.get("output", "").strip():
        print(f"      printed: {short(report['output'].strip())}")


def atomics(program, rules, root, tests_path):
    reports = score(program, rules, os.path.join(root, "atomics"), "--events")
    with open(tests_path, encoding="utf-8") as file:
        tests = [line.rstrip("\n").split("\t") for line in file]
    no_effect = {row[0]: row[2] for row in table("no-effect.tsv")}
    found, counted, misses = collections.Counter(), collections.Counter(), []
    for name, technique, _, guid in tests:
        if guid in no_effect:
            continue
        counted[technique] += 1
        report = reports.get(name)
        if report and any(is_of(one, technique) for one in techniques(report)):
            found[technique] += 1
        else:
            misses.append((name, report))
    print(f"atomics: {len(reports)} of {len(tests)} scanned; {len(no_effect)} without effect")
    print(f"  {'technique':<11} {'found':>5} {'tests':>5}")
    for technique in sorted(counted):
        print(f"  {technique:<11} {found[technique]:>5} {counted[technique]:>5}")
    techniques_found = sum(1 for technique in counted if found[technique])
    share = sum(found[technique] / counted[technique] for technique in counted) / max(1, len(counted))
    print(f"  recall: {sum(found.values())}/{sum(counted.values())} tests ({percent(sum(found.values()), sum(counted.values()))}); "
          f"{techniques_found}/{len(counted)} techniques at least once ({percent(techniques_found, len(counted))}); "
          f"mean over techniques {100 * share:.0f}%")
    if no_effect:
        print("judged to have had no effect:")
        for name, _, _, guid in tests:
            if guid in no_effect:
                print(f"  {name}: {no_effect[guid]}")
    if misses:
        print("missed, and what their traces had:")
    for name, report in misses:
        if report:
            tell_miss(name, report)
        else:
            print(f"  {name}: no trace")
    return reports


def percent(part, whole):
    return f"{100 * part / whole:.0f}%" if whole else "-"


def verdict_table(kind, reports):
    counts = collections.Counter(report["verdict"] for report in reports.values())
    print(f"{kind}: {len(reports)} scanned; " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in ORDER if counts[verdict]))
    bins = collections.Counter(min(report["score"], 99) // 10 for report in reports.values())
    print("  scores: " + "  ".join(f"{10 * low}-{10 * low + 9}: {bins[low]}" for low in sorted(bins)))


def tell_findings(name, report):
    print(f"  {name}: {report['verdict']} {report['score']}" + "".join(f" [{reason}]" for reason in report["reasons"]))
    for finding in report["findings"][:6]:
        print(f"      {finding['title']} ({finding['level']}, {finding['contribution']} points): {short(finding['evidence'][0] if finding['evidence'] else '', 90)}")


def samples(program, rules, root, _):
    reports = score(program, rules, os.path.join(root, "samples"))
    verdict_table("samples and grayware", reports)
    expected = {row[0]: row[1].split("|") for row in table("expected.tsv")}
    for name, report in reports.items():
        right = report["verdict"] in expected.get(name, ["malicious", "suspicious"])
        print(f"  {'ok  ' if right else 'WRONG'} {name:<22} {report['verdict']:<12} {report['score']:>3}  expected {'|'.join(expected.get(name, ['?']))}")
        if not right:
            tell_findings(name, report)
    for name in sorted(set(expected) - set(reports)):
        print(f"  no trace: {name}")
    return {name: report for name, report in reports.items() if "clean" not in expected.get(name, [])}


def benign(program, rules, root, _):
    reports = score(program, rules, os.path.join(root, "benign"))
    verdict_table("benign", reports)
    above = {name: report for name, report in reports.items() if report["verdict"] != "clean"}
    print(f"  above clean: {len(above)}")
    for name, report in sorted(above.items(), key=lambda item: -item[1]["score"]):
        tell_findings(name, report)
    quiet = sorted(((report["score"], name) for name, report in reports.items() if name not in above and report["score"] > 0), reverse=True)
    print("  clean, but scored: " + ", ".join(f"{name} {points}" for points, name in quiet))
    return reports


def repeat(program, rules, root):
    runs = collections.defaultdict(list)
    for name, report in score(program, rules, os.path.join(root, "repeat")).items():
        runs[name.rsplit("-", 1)[0]].append(report)
    bad = 0
    print(f"repeat: {len(runs)} images")
    for name, reports in sorted(runs.items()):
        verdicts = collections.Counter(report["verdict"] for report in reports)
        points = [report["score"] for report in reports]
        same = len(verdicts) == 1 and max(points) - min(points) <= 5
        bad += not same
        print(f"  {'ok  ' if same else 'DIFFERS'} {name:<20} {len(reports):>3} runs  {dict(verdicts)}  scores {min(points)}-{max(points)}")
        if not same:
            seen = collections.Counter(finding["title"] for report in reports for finding in report["findings"])
            for title, count in seen.items():
                if count < len(reports):
                    print(f"      in {count} of {len(reports)}: {title}")
    return bad


def main():
    what, program, rules, root = sys.argv[1:5]
    if what == "repeat":
        sys.exit(1 if repeat(program, rules, root) else 0)
    tests = sys.argv[5]
    kinds = {"atomics": atomics, "samples": samples, "benign": benign}
    results = {kind: measure(program, rules, root, tests) for kind, measure in kinds.items() if what in ("all", kind)}
    if what == "all":
        caught = sum(report["verdict"] in ("suspicious", "malicious") for report in results["samples"].values())
        wrong = sum(report["verdict"] in ("suspicious", "malicious") for report in results["benign"].values())
        print(f"precision: {caught} of the {caught + wrong} images above clean deserve it ({percent(caught, caught + wrong)}); "
              f"recall on samples {percent(caught, len(results['samples']))}")


if __name__ == "__main__":
    main()
