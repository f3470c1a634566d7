#!/bin/sh
# As the official image's: templates filled from the environment, workers tuned, then the server.
set -e
find /docker-entrypoint.d -follow -type f -name '*.sh' | sort -V | while read -r script; do
  [ -x "$script" ] && "$script"
done
defined=$(awk 'END { for (name in ENVIRON) printf "${%s} ", name }' </dev/null)
for template in /etc/nginx/templates/*.template; do
  site=/etc/nginx/sites-enabled/$(basename "$template" .template)
  envsubst "$defined" <"$template" >"$site"
done
rm -f /etc/nginx/sites-enabled/default
sed -i "s/worker_processes .*/worker_processes $(nproc);/" /etc/nginx/nginx.conf
exec "$@"
