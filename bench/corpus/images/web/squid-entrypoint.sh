#!/bin/bash
# Makes the cache's directories on a first start, as the well-known image does.
set -e
mkdir -p /var/log/squid /var/spool/squid
chown -R proxy:proxy /var/log/squid /var/spool/squid
if [[ ! -d /var/spool/squid/00 ]]; then
  squid -N -f /etc/squid/squid.conf -z
fi
exec squid -f /etc/squid/squid.conf -NYCd 1
