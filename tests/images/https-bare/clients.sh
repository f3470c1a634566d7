#!/bin/sh
# An image that trusts nobody: its clients would refuse every server there is.
say() { if [ "$2" -eq 0 ]; then echo "$1 ok"; else echo "$1 failed"; fi; }

curl -sS --max-time 10 -d 'body=from-curl' https://curl.example.net/collect >/dev/null
say curl $?

printf 'POST /collect HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\nConnection: close\r\n\r\nbody=from-openssl' |
  timeout 10 openssl s_client -quiet -verify_return_error -connect openssl.example.net:443 -ign_eof >/tmp/openssl.out 2>&1
grep -q '^HTTP/1.1 200' /tmp/openssl.out
say openssl $?
