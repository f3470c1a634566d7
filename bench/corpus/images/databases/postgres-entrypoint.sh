#!/bin/bash
# As the official image's: initdb on a first start, init scripts, then the server as postgres.
set -e
export PATH=$PATH:/usr/lib/postgresql/15/bin PGDATA=${PGDATA:-/var/lib/postgresql/data}
if [[ $(id -u) = 0 ]]; then
  mkdir -p "$PGDATA" /run/postgresql
  chmod 00700 "$PGDATA"
  find "$PGDATA" /run/postgresql \! -user postgres -exec chown postgres '{}' +
  exec gosu postgres "${BASH_SOURCE[0]}" "$@"
fi
if [[ ! -s $PGDATA/PG_VERSION ]]; then
  initdb --username=postgres --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") >/dev/null
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  PGPASSWORD=$POSTGRES_PASSWORD pg_ctl -o "-c listen_addresses='' -p 5432" -w start >/dev/null
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sql) psql -v ON_ERROR_STOP=1 --no-password -f "$script" ;;
      *.sh)
        # shellcheck source=/dev/null
        . "$script"
        ;;
    esac
  done
  pg_ctl -m fast -w stop >/dev/null
fi
exec "$@"
