#!/bin/bash
# systemd reads every unit without a word, finds what each starts, and exposes none more than the README says.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v systemd-analyze >/dev/null || { echo 'skipped: no systemd-analyze'; exit 77; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
units=$root/usr/lib/systemd/system
mkdir -p "$units" "$root/usr/bin" "$root/bin"
cp /usr/lib/systemd/system/*.target "$units"
cp /bin/true "$root/bin/sh" # what units reload with
failed=0
# The most that `systemd-analyze security` may give, times ten; offline it counts 0.1 or 0.2 more than on a host that runs.
for limit in scheduler=14 gateway=14 agent=58; do
  daemon=assay-${limit%=*} unit=packaging/${limit%=*}/assay-${limit%=*}.service
  cp "$unit" "$units"
  cp /bin/true "$root/usr/bin/$daemon" # built or not: that it can be executed is what is asked
  # Warnings leave the status 0: none may be said.
  output=$(systemd-analyze verify --man=no --root="$root" "$daemon.service" 2>&1) || true
  [[ -z $output ]] || { printf '%s: %s\n' "$unit" "$output"; failed=1; }
  systemd-analyze security --offline=yes --no-pager --root="$root" --threshold="${limit#*=}" "$daemon.service" >"$root/security" 2>&1 ||
    { tail -n 1 "$root/security"; echo "$unit: more than ${limit#*=} tenths: a line of its hardening is gone"; failed=1; }
  grep -q '^ExecStart=/usr/bin/'"$daemon" "$unit" || { echo "$unit does not start /usr/bin/$daemon"; failed=1; }
done
# An honest check: a mistake is found.
sed 's/^ProtectSystem=.*/ProtectSystem=maybe/' packaging/agent/assay-agent.service >"$units/assay-agent.service"
output=$(systemd-analyze verify --man=no --root="$root" assay-agent.service 2>&1) || true
[[ $output == *maybe* ]] || { echo 'systemd-analyze verify says nothing of ProtectSystem=maybe'; failed=1; }
exit $failed
