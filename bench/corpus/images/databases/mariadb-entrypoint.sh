#!/bin/bash
# As the official image's: a first start makes the data directory, a database and a user through a server without a network.
set -eo pipefail
data=/var/lib/mysql-data
mkdir -p /run/mysqld "$data"
if [[ $(id -u) = 0 ]]; then
  find "$data" /run/mysqld \! -user mysql -exec chown mysql: '{}' +
  exec gosu mysql "${BASH_SOURCE[0]}" "$@"
fi
if [[ ! -d $data/mysql ]]; then
  mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
  mariadbd --datadir="$data" --skip-networking --socket=/run/mysqld/init.sock &
  pid=$!
  for _ in {30..0}; do
    mariadb-admin -uroot --socket=/run/mysqld/init.sock ping >/dev/null 2>&1 && break
    sleep 1
  done
  password=$(head -c 24 /dev/urandom | base64)
  echo "GENERATED ROOT PASSWORD: $password"
  mariadb -uroot --socket=/run/mysqld/init.sock <<SQL
CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;
CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$MARIADB_PASSWORD';
GRANT ALL ON \`$MARIADB_DATABASE\`.* TO '$MARIADB_USER'@'%';
SET PASSWORD FOR 'root'@'localhost' = PASSWORD('$password');
SQL
  kill "$pid"
  wait "$pid" || true
fi
exec mariadbd --datadir="$data" --bind-address=0.0.0.0
