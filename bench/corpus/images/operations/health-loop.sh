#!/bin/sh
# Watches a site: asks, writes down, tells when it is away.
while :; do
  code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 3 https://www.example.com/healthz)
  echo "$(date +%s) $code" >>/tmp/health.log
  [ "$code" = 200 ] || echo "answered $code"
  sleep 2
done
