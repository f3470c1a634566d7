#!/bin/sh
# Sizes the caches for the machine, checks, then resolves.
set -e
threads=$(nproc)
cat >/etc/unbound/unbound.conf.d/site.conf <<CONF
server:
  interface: 0.0.0.0
  access-control: 0.0.0.0/0 allow
  num-threads: $threads
  chroot: ""
  username: unbound
CONF
unbound-checkconf >/dev/null
exec unbound -d -d
