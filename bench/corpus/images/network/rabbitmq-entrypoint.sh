#!/bin/bash
# As the official image's: a cookie of its own, data owned by rabbitmq, then the broker.
set -e
if [[ $(id -u) = 0 ]]; then
  printf '%s' "$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')" >/var/lib/rabbitmq/.erlang.cookie
  chmod 600 /var/lib/rabbitmq/.erlang.cookie
  printf 'loopback_users.guest = false\nlisteners.tcp.default = 5672\n' >/etc/rabbitmq/rabbitmq.conf
  chown -R rabbitmq:rabbitmq /var/lib/rabbitmq /var/log/rabbitmq /etc/rabbitmq
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "${BASH_SOURCE[0]}" "$@"
fi
export HOME=/var/lib/rabbitmq
exec /usr/lib/rabbitmq/bin/rabbitmq-server
