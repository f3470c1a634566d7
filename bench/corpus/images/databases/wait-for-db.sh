#!/bin/bash
# What applications put before their start: waits until the database takes connections, then migrates and serves.
host=${DB_HOST:-db} port=${DB_PORT:-5432}
for attempt in {1..20}; do
  if timeout 1 bash -c "echo >/dev/tcp/$host/$port" 2>/dev/null; then
    echo "$host:$port is up after $attempt attempts"
    break
  fi
  sleep 1
done
psql -h "$host" -p "$port" -U app -c 'SELECT version FROM schema_version' || echo 'no schema yet; starting all the same'
exec sleep infinity
