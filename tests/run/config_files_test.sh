#!/bin/bash
# docs/assay-*.conf: name every option of their daemon and no other, with its default; and the daemons accept them, as they are and with every
# option in force.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=build/release/bin
[[ -x $bin/assay-scheduler && -x $bin/assay-agent && -x $bin/assay-gateway ]] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "NAME DEFAULT" of every option that may stand in a file; DEFAULT is empty where there is none.
options() {
  COLUMNS=1000 "$1" --help | sed -nE 's/^ *(-[a-z] \[ )?--([a-z-]+)( \])?( arg( \(=([^)]*)\))?)?.*/\2 \6/p' |
    grep -vE '^(help|version|config|check-config) ' | sort
}
failed=0
for daemon in assay-scheduler assay-agent assay-gateway; do
  conf=docs/$daemon.conf
  options "$bin/$daemon" >"$work/options"
  sed -nE 's/^#([a-z-]+) = (.*)/\1 \2/p' "$conf" | sort >"$work/conf"
  # Those without a default stand there with an example.
  while read -r name default; do
    [[ -n $default ]] || sed -i "s|^$name .*|$name |" "$work/conf"
  done <"$work/options"
  diff -u --label "$daemon --help" --label "$conf" "$work/options" "$work/conf" || failed=1
  sed -E 's/^#([a-z-]+) = /\1 = /' "$conf" >"$work/all.conf"
  for file in "$conf" "$work/all.conf"; do
    status=0
    # Of the check itself only the files of options are meant: keys, rules and kernel are the host's.
    output=$("$bin/$daemon" --config "$file" --check-config 2>&1) || status=$?
    [[ $status -ne 2 ]] || { echo "$daemon --config $file: $output"; failed=1; }
  done
done
exit "$failed"
