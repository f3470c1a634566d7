#!/bin/sh
# As the official image's: templates filled from the environment, workers tuned, then the server.
set -e
for script in $(find /docker-entrypoint.d -follow -type f -name '*.sh' | sort -V); do
  [ -x "$script" ] && "$script"
done
defined=$(printf '${%s} ' $(awk 'END { for (name in ENVIRON) print name }' </dev/null))
for template in /etc/nginx/templates/*.template; do
  envsubst "$defined" <"$template" >"/etc/nginx/sites-enabled/$(basename "$template" .template)"
done
rm -f /etc/nginx/sites-enabled/default
sed -i "s/worker_processes .*/worker_processes $(nproc);/" /etc/nginx/nginx.conf
exec "$@"
