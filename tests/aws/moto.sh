#!/bin/bash
# moto.sh DIR: an AWS control plane that is not ours, for tests: python3-moto of Debian 13, which Debian 12 lacks, in a small
# root directory at DIR. Done once; a second call finds it, and one that comes meanwhile waits for it. The server:
# moto.sh DIR serve PORT (on 127.0.0.1, until it is ended).
set -euo pipefail
dir=$1
if [[ ${2-} == serve ]]; then
  exec chroot "$dir" /usr/bin/python3 -c "from moto.server import main; main(['-H', '127.0.0.1', '-p', '$3'])"
fi
[[ ! -e $dir/made ]] || exit 0
command -v mmdebstrap >/dev/null || { echo 'moto.sh: mmdebstrap is not installed: apt-get install mmdebstrap' >&2 && exit 1; }
mkdir -p "$(dirname "$dir")"
exec 9>"$dir.lock"
flock 9
[[ ! -e $dir/made ]] || exit 0
start=$SECONDS
rm -rf "$dir" "$dir.new"
# The mirror, and the proxy, that this machine's apt uses.
# shellcheck disable=SC2016  # the dollars are apt's
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 2>/dev/null | head -n 1 || true)
{ apt-config dump --no-empty | grep -E '^Acquire::(http|https|Retries|ForceIPv)' || true; } >"$dir.apt"
printf '%s\n' 'APT::Install-Recommends "false";' 'Acquire::Languages "none";' >>"$dir.apt"
mmdebstrap --quiet --variant=apt --include=python3-moto,python3-flask,python3-flask-cors \
  --aptopt="$(realpath "$dir.apt")" --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' trixie "$dir.new" ${mirror:+"$mirror"} >&2
rm -rf "$dir.new"/var/cache/apt "$dir.new"/var/lib/apt/lists "$dir.apt"
touch "$dir.new/made"
mv "$dir.new" "$dir"
printf 'moto.sh: made in %s s, %s\n' "$((SECONDS - start))" "$(du -sh "$dir" | cut -f1)" >&2
