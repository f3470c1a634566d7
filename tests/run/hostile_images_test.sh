#!/bin/bash
# Hostile images: each is listed with what must come of it, and their layers hold what they threaten with.
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "$*"
  exit 1
}

tests/images/hostile "$scratch"
while IFS=$'\t' read -r name expected what; do
  [[ -s $scratch/$name.tar && $expected =~ ^(fail|run|either)$ && -n $what ]] || fail "expected.tsv: '$name' '$expected' '$what'"
done <"$scratch/expected.tsv"
[[ $(wc -l <"$scratch/expected.tsv") -eq $(find "$scratch" -name '*.tar' | wc -l) ]] || fail 'expected.tsv and the archives differ'

# entries IMAGE: the names in its last layer
entries() {
  local layer
  tar -xf "$scratch/$1.tar" -C "$scratch" blobs
  layer=$(tar -xOf "$scratch/$1.tar" index.json | jq -r '.manifests[0].digest' | cut -d: -f2)
  layer=$(jq -r '.layers[-1].digest' "$scratch/blobs/sha256/$layer" | cut -d: -f2)
  tar -tvzPf "$scratch/blobs/sha256/$layer"
}
[[ $(entries path-traversal) == *' ../../../'*'/tmp/assay-escaped' ]] || fail 'path-traversal does not traverse'
[[ $(entries hardlink-out) == *'link to ../../'*'etc/shadow' ]] || fail 'hardlink-out does not link out'
[[ $(entries devices) == b*'254,0'*$'\nc'*'1,2'* ]] || fail 'devices has no devices'
