#!/bin/bash
# What the packages install: nothing twice, a page, a licence and a readme for each, configuration as conffiles; and the programs find their rules and
# helpers there as well as where they were built.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ -x build/release/bin/assay && -x build/release/bin/assay-gateway ]] || { echo 'skipped: not built'; exit 77; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
fail() {
  echo "$*"
  exit 1
}
export SOURCE_DATE_EPOCH=1700000000
for component in assay scheduler agent gateway; do
  DESTDIR=$root/$component cmake --install build/release --prefix /usr --component $component >/dev/null
  package=assay-$component
  [[ $component != assay ]] || package=assay
  (cd "$root/$component" && find . ! -type d) >"$root/$component.files"
  for file in usr/bin/$package usr/share/doc/$package/{copyright,README.Debian,changelog.Debian.gz}; do
    [[ -f $root/$component/$file ]] || fail "$package lacks /$file"
  done
  compgen -G "$root/$component/usr/share/man/man?/$package.?.gz" >/dev/null || fail "$package lacks a manual page"
  zcat "$root/$component"/usr/share/man/man?/"$package".?.gz | grep -q '@[A-Z]*@' && fail "$package: the manual page has unset words"
  # dpkg asks before it replaces what an administrator has changed: exactly for what is listed.
  diff <(sed -n 's|^\./etc|/etc|p' "$root/$component.files" | sort) <(sort packaging/$component/conffiles 2>/dev/null) || fail "$package: conffiles (>) are not what is in /etc (<)"
done
double=$(cat "$root"/*.files | sort | uniq -d)
[[ -z $double ]] || fail "in two packages: $double"
mkdir "$root/all"
for component in assay scheduler agent gateway; do cp -a "$root/$component/." "$root/all"; done
odd=$(find "$root/all" -mindepth 1 \( -perm /022 -o -perm /6000 \) ! -type l -print -quit)
[[ -z $odd ]] || fail "writable by others, or setuid: $odd"
bin=$root/all/usr/bin
(cd / && env -u ASSAY_RULES "$bin/assay" rules list >"$root/rules") || fail "assay does not find its rules"
[[ $(wc -l <"$root/rules") -gt 100 ]] || fail "assay finds only $(wc -l <"$root/rules") lines of rules"
(cd / && "$bin/assay-scheduler" --check-config --rules "$root/all/usr/share/assay/rules" --config "$root/all/etc/assay/assay-scheduler.conf" \
  --tokens /dev/null --hooks /dev/null) >/dev/null || fail 'assay-scheduler does not take the rules and the configuration that are installed'
for helper in sinkhole egress inspect starter; do [[ -x $root/all/usr/libexec/assay/assay-$helper ]] || fail "no assay-$helper in /usr/libexec/assay"; done
[[ $(id -u) -eq 0 ]] || { echo 'skipped: starting a helper takes root'; exit 77; }
# Reads YARA rules, which takes assay-inspect; what else it may lack is this host's.
mkdir "$root/yara"
echo 'rule broken { condition: nonsense }' >"$root/yara/broken.yar"
said=$("$bin/assay-agent" --check-config --config "$root/all/etc/assay/assay-agent.conf" --yara "$root/yara" 2>&1) && fail 'assay-agent takes a broken YARA rule'
[[ $said == *broken.yar* ]] || fail "assay-agent does not reach its helper: $said"
mv "$root/all/usr/libexec/assay/assay-inspect" "$root"
said=$("$bin/assay-agent" --check-config --config "$root/all/etc/assay/assay-agent.conf" --yara "$root/yara" 2>&1) && fail 'assay-agent needs no helper'
[[ $said == *"no assay-inspect beside this program"*"/usr/libexec/assay/assay-inspect"* ]] || fail "without its helper assay-agent says: $said"
