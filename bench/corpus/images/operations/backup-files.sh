#!/bin/bash
# A backup of a volume: mirrored, packed, checked, sent off.
set -u
mkdir -p /data/site /backup/mirror
for n in {1..40}; do head -c 2048 /dev/urandom >"/data/site/upload-$n.bin"; done
rsync -a --delete /data/site/ /backup/mirror/
tar -C /backup -czf "/backup/site-$(date +%F).tar.gz" mirror
(cd /backup && sha256sum site-*.tar.gz >SHA256SUMS && sha256sum -c SHA256SUMS)
curl -fsS -T "/backup/site-$(date +%F).tar.gz" https://backup.example.com/site/ || echo 'the store does not answer; kept here'
find /backup -name 'site-*.tar.gz' -mtime +7 -delete
