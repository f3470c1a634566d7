#!/bin/bash
# HTML reports and vetting dossiers in a real browser: those of the recorded traces, and the ones that the unit tests fill with hostile texts and to the brim.
# ASSAY_SHOTS=DIR: screenshots and prints of them, to be looked at.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=build/release/bin
fail() {
  echo "$*"
  exit 1
}
for tool in node "${CHROMIUM:=/usr/bin/chromium}"; do
  command -v "$tool" >/dev/null && continue
  [[ -z ${CI-} ]] || fail "needs $tool"
  echo "skipped: no $tool"
  exit 77
done
readers=build/readers
cmp -s tests/readers/package-lock.json "$readers/installed" || fail "the readers are not installed: ./run test does it (log: build/readers.log)"
for program in assay export_tests vetting_tests; do [[ -x $bin/$program ]] || fail "no $bin/$program: ./run build"; done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

code=0
"$bin/assay" report nothing-of-that-name 2>"$scratch/said" || code=$?
[[ $code -eq 2 ]] || fail "a name of nothing ends with $code, not 2"
grep -q 'neither a scan id (assay list shows them) nor a trace file' "$scratch/said" || fail "$(cat "$scratch/said")"
"$bin/assay" report tests/traces/nginx.trace --rules rules --format json | jq -e '.schema == "assay.report/1"' >/dev/null || fail 'no report of a trace file as JSON'

for trace in tests/traces/*.trace; do
  name=$(basename "$trace" .trace)
  "$bin/assay" report "$trace" --rules rules --format html --output "$scratch/$name.html"
done
ASSAY_HTML_DIR=$scratch "$bin/export_tests" --gtest_filter='Html.*' >"$scratch/said" || { cat "$scratch/said"; exit 1; }
ASSAY_HTML_DIR=$scratch "$bin/vetting_tests" --gtest_filter='Dossier.*' >"$scratch/said" || { cat "$scratch/said"; exit 1; }
[[ -s $scratch/dossier-hostile.html && -s $scratch/dossier.html ]] || fail 'the unit tests kept no dossiers'
[[ -s $scratch/hostile.html && -s $scratch/largest.html ]] || fail 'the unit tests kept no pages'
cp tests/readers/browser.mjs "$readers" # beside its packages, where node looks for them
shots=()
[[ -z ${ASSAY_SHOTS-} ]] || shots=(--shots "$ASSAY_SHOTS")
CHROMIUM=$CHROMIUM HOME=$scratch node "$readers/browser.mjs" "${shots[@]}" "$scratch"/*.html
