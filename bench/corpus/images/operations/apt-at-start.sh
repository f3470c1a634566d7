#!/bin/sh
# Installs a package when it starts, as quick images do instead of in their Dockerfile.
apt-get update && apt-get install -y --no-install-recommends jq || echo 'no index; going on without'
echo '{"name": "site", "up": true}' >/tmp/state.json
jq .name /tmp/state.json 2>/dev/null || cat /tmp/state.json
exec sleep infinity
