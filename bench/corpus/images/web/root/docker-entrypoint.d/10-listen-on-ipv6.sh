#!/bin/sh
# Tells what it would do, as the official image does where its file was changed.
echo "10-listen-on-ipv6: info: IPv6 listen left as it is"
grep -q 'listen' /etc/nginx/nginx.conf || true
