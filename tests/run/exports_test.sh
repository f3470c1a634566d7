#!/bin/bash
# Every form of every trace in tests/traces and of a hostile report, and of decisions on them, opens in a reader that is not ours
# (tests/readers), and each reader refuses what is broken. What they need is installed by ./run test.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() {
  echo "$*"
  exit 1
}
if ! command -v node npm >/dev/null; then
  [[ -z ${CI-} ]] || fail 'needs node and npm'
  echo 'skipped: no npm'
  exit 77
fi
readers=build/readers
cmp -s tests/readers/package-lock.json "$readers/installed" || fail "the readers are not installed: ./run test does it (log: build/readers.log)"
samples=build/release/bin/export-samples
[[ -x $samples ]] || fail "no $samples: ./run build"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$samples" "$scratch"
ls "$scratch"/{miner,dropper,escape,thief,nginx,hostile}.sarif >/dev/null
# Beside their packages, where node looks for these.
cp tests/readers/*.mjs "$readers"
cp -r tests/readers/schemas "$readers"

# read_all READER EXTENSION FROM TO [NAME]: it takes every file, and not NAME's (miner) in which FROM (of sed) has become TO
read_all() {
  local reader=$1 extension=$2 name=${5-miner} files=("$scratch"/*."$2") broken=$scratch/broken
  node "$readers/$reader.mjs" "${files[@]}" || fail "$reader.mjs refuses"
  mkdir -p "$broken"
  sed "s/$3/$4/" "$scratch/$name.$extension" >"$broken/$name.$extension"
  ! cmp -s "$scratch/$name.$extension" "$broken/$name.$extension" || fail "nothing to break in $name.$extension"
  ! node "$readers/$reader.mjs" "$broken/$name.$extension" >/dev/null 2>&1 || fail "$reader.mjs takes what is broken"
}
read_all sarif sarif '"level": "error"' '"level": "fatal"'
read_all navigator navigator.json '"layer": "4.5"' '"layer": "4.4"'
read_all csv csv ',yes,' ',=yes,'
read_all stix stix.json '"value": "pool' '"value": "pole' # an observable's id is that of its value
read_all misp misp.json '"threat_level_id": "1"' '"threat_level_id": "5"'
# A policy's decisions on all of them: their SARIF was among the first.
[[ -s $scratch/decisions.sarif ]] || fail 'no decisions.sarif'
read_all junit xml '<testcase name=' '<testcase title=' decisions
read_all junit xml ' failures="[1-9]' ' failures="8' decisions
