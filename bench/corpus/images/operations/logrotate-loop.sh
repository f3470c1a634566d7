#!/bin/sh
# A sidecar that rotates an application's logs.
mkdir -p /var/log/app
while :; do
  seq 1 400 | sed 's/^/GET \/item\//' >>/var/log/app/access.log
  logrotate -s /var/lib/logrotate.status /etc/logrotate-site.conf
  sleep 4
done
