#!/usr/bin/python3
"""atomics: makes the folder of an image that tests/images/build understands, with a variant for each public test of a technique.

  atomics.py ATOMICS.json TOOLBOX.json TOOLBOX.tar OUT    OUT/atomics: image.json and prepare; OUT/atomics.tsv: trace, technique, name

A test is the command of its image, under the shell that it names. What the tests ask to be there first is made in the toolbox while the image
is built, and becomes a layer of its own: it is no deed of the image. The tests themselves stay outside the repository (bench/corpus/README.md).
"""
import base64
import json
import os
import re
import shlex
import sys

PREPARE = """#!/bin/bash
# prepare: in the toolbox, without a network and with no process left behind, makes what the tests ask for; what is new becomes the layer.
set -euo pipefail
root=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
tar -xOf {archive} index.json >"$tree/index"
blob() {{ tar -xOf {archive} "blobs/sha256/${{1#sha256:}}"; }}
manifest=$(jq -r '.manifests[0].digest' "$tree/index")
blob "$manifest" | jq -r '.layers[].digest' >"$tree/layers"
mkdir "$tree/root"
while read -r layer; do blob "$layer" | tar -xzf - -C "$tree/root"; done <"$tree/layers"
touch "$tree/stamp"
while IFS= read -r line; do
  unshare --net --pid --fork --kill-child chroot "$tree/root" bash -c "$(base64 -d <<<"$line")" </dev/null >/dev/null 2>&1 || true
done <"$(dirname "$0")/prerequisites"
cd "$tree/root"
find . -newer "$tree/stamp" \\( -type f -o -type d -empty \\) -printf '%P\\0' | tar --no-recursion --null -T - -cf - | tar -xf - -C "$root"
"""


def slug(test):
    words = re.sub(r"[^A-Za-z0-9]+", "-", test["name"]).strip("-")[:40].lower()
    return f"{test['technique']}-{words}-{test['guid'][:8]}"


def main():
    atomics, toolbox, archive, out = sys.argv[1:]
    with open(atomics, encoding="utf-8") as file:
        tests = json.load(file)["tests"]
    with open(toolbox, encoding="utf-8") as file:
        image = json.load(file)
    folder = os.path.join(out, "atomics")
    os.makedirs(folder, exist_ok=True)
    image["variants"] = {slug(test): [test["shell"], "-c", test["command"]] for test in tests}
    with open(os.path.join(folder, "image.json"), "w", encoding="utf-8") as file:
        json.dump(image, file, indent=1, sort_keys=True)
    with open(os.path.join(folder, "prerequisites"), "w", encoding="utf-8") as file:
        for test in tests:
            for needed in test["prereqs"]:
                script = f"{test['shell']} -c {shlex.quote(needed['check'])} || {test['shell']} -c {shlex.quote(needed['get'])}"
                file.write(base64.b64encode(script.encode()).decode() + "\n")
    with open(os.path.join(folder, "prepare"), "w", encoding="utf-8") as file:
        file.write(PREPARE.format(archive=shlex.quote(os.path.abspath(archive))))
    os.chmod(os.path.join(folder, "prepare"), 0o755)
    with open(os.path.join(out, "atomics.tsv"), "w", encoding="utf-8") as file:
        for test in tests:
            file.write(f"{slug(test)}\t{test['technique']}\t{test['name']}\t{test['guid']}\n")


if __name__ == "__main__":
    main()
