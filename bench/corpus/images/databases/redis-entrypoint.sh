#!/bin/sh
# As the official image's: owns its data, then drops root.
set -e
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis '{}' +
  exec gosu redis "$0" "$@"
fi
um=$(umask)
[ "$um" != 0022 ] || umask 0077
exec "$@"
