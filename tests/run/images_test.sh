#!/bin/bash
# Sample images: what skopeo reads of them, the base layer shared, the same bytes when built again, nothing done when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in mmdebstrap skopeo; do command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }; done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "$*"
  exit 1
}

for round in one two; do tests/images/build -o "$scratch/$round" quiet portscan; done
cmp "$scratch/one/quiet.tar" "$scratch/two/quiet.tar"
cmp "$scratch/one/portscan.tar" "$scratch/two/portscan.tar"

said=$(tests/images/build -o "$scratch/one" quiet portscan 2>&1)
[[ -z $said ]] || fail "a second build was not idle: $said"
! tests/images/build -o "$scratch/one" nothing-of-that-name 2>"$scratch/said" || fail 'an unknown name was accepted'
grep -q "no image 'nothing-of-that-name'; there are:.* quiet" "$scratch/said" || fail "$(cat "$scratch/said")"

layers() { skopeo inspect "oci-archive:$scratch/one/$1.tar" | jq -r '.Layers[]'; }
[[ $(layers quiet | wc -l) -eq 1 ]] || fail "quiet has $(layers quiet | wc -l) layers"
[[ $(layers portscan | head -n 1) == "$(layers quiet)" ]] || fail 'quiet and portscan do not share their base'
[[ $(skopeo inspect --config "oci-archive:$scratch/one/quiet.tar" | jq -c .config.Cmd) == '["sleep","infinity"]' ]] || fail 'wrong command'
