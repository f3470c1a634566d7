#!/bin/bash
# Trace files by a reader that is not ours, and across a schema that grew: what it reads of every old trace, and of one that is imported and
# exported anew, is what `assay trace` prints; and what a later release would write is read, imported and scored as if nothing had been added.
set -euo pipefail
cd "$(dirname "$0")/../.."
assay=${ASSAY_BIN_DIR:-build/release/bin}/assay
[[ -x $assay ]] || { echo "skipped: no $assay"; exit 77; }
for tool in capnp zstd /usr/bin/python3; do command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }; done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "$*"
  exit 1
}
reader() { /usr/bin/python3 tests/readers/trace_reader.py "$@"; }

# same FILE: both readers see the same events, field by field
same() {
  "$assay" trace "$1" --format json >"$scratch/ours"
  reader "$1" >"$scratch/theirs"
  /usr/bin/python3 - "$scratch/ours" "$scratch/theirs" <<'PYTHON' || fail "$1 is read otherwise"
import json, sys
ours, theirs = ([json.loads(line) for line in open(path, encoding="utf-8")] for path in sys.argv[1:])
for number, (one, other) in enumerate(zip(ours, theirs)):
    if one != other:
        sys.exit(f"event {number}: " + "; ".join(f"{key}: {one.get(key)!r} {other.get(key)!r}" for key in one | other if one.get(key) != other.get(key)))
sys.exit(None if ours and len(ours) == len(theirs) else f"{len(ours)} events, {len(theirs)} by the other reader")
PYTHON
}

verdict() { "$assay" report "$1" --data "$scratch/$2" --format json | jq -c '[.verdict, .score, [.findings[].rule_id]]'; }

# Both stores take all of them in one go, for every start compiles the rules.
mkdir "$scratch/later"
for old in tests/traces/*.trace; do
  /usr/bin/python3 tests/readers/trace_grow.py "$old" "$scratch/later/$(basename "$old")"
  cmp -s "$old" "$scratch/later/$(basename "$old")" && fail "$old did not grow"
done
"$assay" trace import tests/traces/*.trace --data "$scratch/data" --format json >"$scratch/imported"
"$assay" trace import "$scratch"/later/*.trace --data "$scratch/grown" >/dev/null

for old in tests/traces/*.trace; do
  name=$(basename "$old" .trace)
  grown=$scratch/later/$name.trace
  id=$(jq -r --arg file "$old" 'select(.file == $file) | .scan' "$scratch/imported")
  same "$old"
  "$assay" trace export "$id" --data "$scratch/data" -o "$scratch/$name.trace" >/dev/null
  same "$scratch/$name.trace"
  reader -i "$scratch/$name.trace" | jq -e --arg id "$id" '.format == "assay.trace/1" and .scan == $id and .sealed and .report' >/dev/null ||
    fail "$name: $(reader -i "$scratch/$name.trace")"
  [[ $("$assay" trace "$grown") == "$("$assay" trace "$old")" ]] || fail "$name: a later release's file shows other events"
  [[ $(reader "$grown") == "$(reader "$old")" ]] || fail "$name: the other reader sees other events in a later release's file"
  [[ $(verdict "$id" data) == "$(verdict "$id" grown)" ]] || fail "$name: $(verdict "$id" data) $(verdict "$id" grown)"
done
[[ $("$assay" list --data "$scratch/data" --format json | jq length) -eq $(find tests/traces -name '*.trace' | wc -l) ]] || fail 'not every trace was imported'

# Damage is told by both.
head -c 20000 "$scratch/miner.trace" >"$scratch/cut.trace"
if reader "$scratch/cut.trace" 2>"$scratch/said" || ! grep -q 'is cut off' "$scratch/said"; then fail "cut: $(cat "$scratch/said")"; fi
printf '\377' | dd of="$scratch/miner.trace" bs=1 seek=300 conv=notrunc status=none
! reader "$scratch/miner.trace" 2>"$scratch/said" || fail 'a damaged file was read'
! "$assay" trace "$scratch/miner.trace" >/dev/null 2>"$scratch/said" || fail 'assay read a damaged file'
