#!/bin/bash
# Where ./run may not install what is missing, it says what to type, changes nothing, and exits with 1. An empty dpkg database makes
# everything missing; a user namespace makes us somebody else than root.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ $(id -u) -eq 0 ]] || { echo 'skipped: not root'; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# expect COMMAND... -- WORD...: the command fails with 1 and says each word
expect() {
  local command=() status=0 word
  while [[ $1 != -- ]]; do command+=("$1"); shift; done
  shift
  DPKG_ADMINDIR=$scratch "${command[@]}" >"$scratch/said" 2>&1 || status=$?
  [[ $status -eq 1 ]] || { echo "exit code $status:"; cat "$scratch/said"; exit 1; }
  for word in "$@"; do grep -qF -- "$word" "$scratch/said" || { echo "does not say '$word':"; cat "$scratch/said"; exit 1; }; done
}

expect unshare --user --map-user=65534 ./run build -- 'as root' 'apt-get install --no-install-recommends' ' g++ ' ' librocksdb-dev ' 'libbpf-dev'
expect unshare --user --map-user=65534 ./run scan -- 'runsc' 'skopeo' 'mmdebstrap'

printf 'ID=plan9\nPRETTY_NAME="Plan 9"\nVERSION_ID=4\n' >"$scratch/os-release"
# shellcheck disable=SC2016
expect unshare --mount sh -c 'mount --bind "$1/os-release" /etc/os-release && exec ./run build' sh "$scratch" -- 'Debian 12 or later' 'this is Plan 9' 'g++' 'cmake'
