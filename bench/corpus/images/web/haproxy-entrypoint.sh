#!/bin/sh
# Checks the configuration, then runs it under a master, as the official image does.
set -e
haproxy -c -f /etc/haproxy/site.cfg
exec haproxy -W -db -f /etc/haproxy/site.cfg
