#!/usr/bin/python3
"""baseline: what ordinary images of a kind run, learned from the corpus' honest images, as a rule (rules/unlike_its_kind.yml).

  baseline.py SCORE RULES TRACE... >rules/unlike_its_kind.yml

An image's kind is the package of the program that its first process runs; of images whose first process is a shell, or
of no package, no kind is known and the rule says nothing. Programs are those that ran by themselves, not those that provocation
started. Shells and the small tools that start scripts of any kind call are ordinary everywhere.
"""
import collections
import json
import subprocess
import sys

ANYWHERE = sorted({"sh", "dash", "bash", "busybox", "env", "cat", "cp", "mv", "rm", "ln", "ls", "mkdir", "chmod", "chown", "touch", "sleep", "date", "id", "echo",
                   "test", "true", "grep", "sed", "awk", "mawk", "gawk", "cut", "tr", "head", "tail", "sort", "uniq", "wc", "basename", "dirname", "readlink", "find",
                   "expr", "seq", "tee", "install", "mktemp", "hostname", "uname", "stat", "getopt", "gosu", "su-exec", "tini", "dumb-init", "setpriv", "nproc",
                   "envsubst", "printf", "xargs", "cmp", "md5sum", "sha256sum", "getent", "runuser", "start-stop-daemon", "run-parts", "flock", "which", "pgrep"})

# They run whatever they are told to: no kind.
NO_KIND = {"dumb-init", "tini", "supervisor", "cron", "runit", "s6", "monit", "ansible-core", "at", "sudo", "util-linux", "coreutils"}

HEAD = """title: Program that ordinary images of this kind do not run
id: 3d1f7a52-8a55-4c5e-9f0e-6a5b7c2d9e41
status: test
description: |
    An image of a known kind, by the package of its main program, ran one of its programs that no honest image of that
    kind in our corpus runs by itself. Images differ, and this is a hint at most; it tells where to look first.
author: The Assay authors
date: 2026-11-30
tags:
    - attack.execution
    - attack.t1204.003
logsource:
    product: linux
    category: process_creation
detection:
"""
TAIL = """falsepositives:
    - Images that do more than others of their kind
level: low
assay:
    category: baseline
    weight: 0.05
"""


def main():
    program, rules, *traces = sys.argv[1:]
    lines = subprocess.run([program, "--rules", rules, "--json", *traces], stdout=subprocess.PIPE, check=True).stdout
    kinds = collections.defaultdict(set)
    for line in lines.splitlines():
        report = json.loads(line)
        if report["kind"] and report["kind"] not in NO_KIND and report["verdict"] == "clean":
            kinds[report["kind"]] |= set(report["programs"])
    out = [HEAD]
    out.append("    # Made by bench/corpus/baseline.py from %d honest images of %d kinds.\n" % (len(traces), len(kinds)))
    out.append("    kind:\n        RootPackage:\n" + "".join("            - %s\n" % kind for kind in sorted(kinds)))
    out.append("        Origin: image\n")
    out.append("    filter_anywhere:\n        Image|endswith:\n" + "".join("            - /%s\n" % name for name in ANYWHERE))
    out.append("    filter_plan:\n        Provoked: 'true'\n    filter_packages:\n        ByPackageManager: 'true'\n")
    for kind in sorted(kinds):
        name = "".join(c if c.isalnum() else "_" for c in kind)
        own = sorted(path for path in kinds[kind] if path.rsplit("/", 1)[-1] not in ANYWHERE)
        out.append("    ordinary_%s:\n        RootPackage: %s\n        Image:\n" % (name, kind) + "".join("            - %s\n" % path for path in own))
    out.append("    condition: kind and not 1 of filter_* and not 1 of ordinary_*\n")
    out.append(TAIL)
    sys.stdout.write("".join(out))


if __name__ == "__main__":
    main()
