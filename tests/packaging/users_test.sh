#!/bin/bash
# What sysusers.d, tmpfiles.d and sysctl.d of the packages say is read by systemd's own programs in a root of the test's own; twice, since every
# boot and upgrade does it again, and what is there then stays.
set -euo pipefail
cd "$(dirname "$0")/../.."
for program in systemd-sysusers systemd-tmpfiles; do command -v "$program" >/dev/null || { echo "skipped: no $program"; exit 77; }; done
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
fail() {
  echo "$*"
  exit 1
}
mkdir -p "$root"/etc "$root"/usr/lib/{sysusers.d,tmpfiles.d}
cp packaging/scheduler/assay-scheduler.sysusers "$root/usr/lib/sysusers.d/assay-scheduler.conf"
for daemon in scheduler agent; do cp packaging/$daemon/assay-$daemon.tmpfiles "$root/usr/lib/tmpfiles.d/assay-$daemon.conf"; done
said=$(systemd-sysusers --dry-run --root="$root" assay-scheduler.conf 2>&1) || fail "systemd-sysusers: $said"
[[ $said == *"Creating user 'assay'"* ]] || fail "systemd-sysusers would not create the user assay: $said"
[[ ! -e $root/etc/passwd ]] || fail 'systemd-sysusers --dry-run has created users'
said=$(grep -vE '^(#|$)|^[a-z][a-z0-9_./]* = [0-9]+$' packaging/agent/assay-agent.sysctl) && fail "assay-agent.sysctl: not NAME = NUMBER: $said"
while read -r name _; do
  [[ -e /proc/sys/${name//.//} ]] || fail "assay-agent.sysctl: this kernel has no $name"
done < <(grep -vE '^(#|$)' packaging/agent/assay-agent.sysctl)
# Files are given to the user: root's work.
[[ $(id -u) -eq 0 ]] || { echo 'skipped: directories of other users take root'; exit 77; }
state() { (cd "$root" && find etc/assay var/lib/assay -printf '%p %y %m %U %s\n' | sort); }
for round in first second; do
  said=$(systemd-sysusers --root="$root" assay-scheduler.conf 2>&1) || fail "systemd-sysusers, $round time: $said"
  said=$(systemd-tmpfiles --create --root="$root" assay-scheduler.conf assay-agent.conf 2>&1) || fail "systemd-tmpfiles, $round time: $said"
  [[ -z $said ]] || fail "systemd-tmpfiles, $round time: $said"
  if [[ $round == first ]]; then
    echo 'ops admin 0000' >"$root/etc/assay/tokens"
    before=$(state)
  fi
done
[[ $(state) == "$before" ]] || { diff <(echo "$before") <(state); fail 'a second run has changed something'; }
uid=$(awk -F: '$1 == "assay" { print $3 }' "$root/etc/passwd")
[[ $uid -gt 0 && $uid -lt 1000 ]] || fail "assay is no system user: uid '$uid'"
expected="etc/assay d 755 0
etc/assay/guard d 755 0
etc/assay/hooks f 600 $uid
etc/assay/keys d 755 $uid
etc/assay/tokens f 600 $uid
var/lib/assay d 755 0
var/lib/assay/store d 700 $uid"
diff <(echo "$expected") <(state | sed 's/ [0-9]*$//') || fail 'directories are not as expected (<)'
