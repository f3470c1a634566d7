#!/bin/bash
# moto.sh DIR: an AWS control plane that is not ours, for tests: python3-moto of Debian 13, which Debian 12 lacks, in a small
# root directory at DIR. Done once; a second call finds it. The server: moto.sh DIR serve PORT (on 127.0.0.1, until it is ended).
set -euo pipefail
dir=$1
if [[ ${2-} == serve ]]; then
  exec chroot "$dir" /usr/bin/python3 -c "from moto.server import main; main(['-H', '127.0.0.1', '-p', '$3'])"
fi
[[ ! -e $dir/made ]] || exit 0
start=$SECONDS
rm -rf "$dir" "$dir.new"
mkdir -p "$(dirname "$dir")"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 2>/dev/null | head -n 1 || true)
mmdebstrap --quiet --variant=apt --include=python3-moto,python3-flask,python3-flask-cors \
  --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' trixie "$dir.new" ${mirror:+"$mirror"} >&2
rm -rf "$dir.new"/var/cache/apt "$dir.new"/var/lib/apt/lists
touch "$dir.new/made"
mv "$dir.new" "$dir"
printf 'moto.sh: made in %s s, %s\n' "$((SECONDS - start))" "$(du -sh "$dir" | cut -f1)" >&2
