#!/bin/bash
# Every shell script of the repository passes shellcheck.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v shellcheck >/dev/null || { echo 'skipped: no shellcheck'; exit 77; }
mapfile -d '' -t scripts < <(git ls-files -z | xargs -0 grep -lZE -m 1 '^#!/bin/(ba)?sh')
[[ ${#scripts[@]} -ge 5 ]] || { echo "found only ${#scripts[@]} scripts"; exit 1; }
shellcheck "${scripts[@]}"
