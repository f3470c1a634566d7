#!/bin/bash
# ./run without a verb, or with an unknown one, shows its usage and exits with 2.
set -euo pipefail
cd "$(dirname "$0")/../.."
for words in '' 'nonsense'; do
  status=0
  # shellcheck disable=SC2086
  output=$(./run $words 2>&1) || status=$?
  [[ $status -eq 2 ]] || { echo "./run $words exited with $status"; exit 1; }
  [[ $output == *'./run scan [REF... OPTIONS]'* ]] || { printf './run %s said:\n%s\n' "$words" "$output"; exit 1; }
done
