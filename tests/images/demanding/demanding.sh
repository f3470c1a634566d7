#!/bin/sh
# demanding: as database images do, refuses to start without a password; with one it acts, and stays.
if [ -z "$X_PASSWORD" ]; then
  echo "error: X_PASSWORD is not set; you must specify a password" >&2
  exit 1
fi
echo "$X_PASSWORD" >/tmp/started
exec sleep 600
