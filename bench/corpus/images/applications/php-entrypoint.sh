#!/bin/sh
# Two services in one container, as many PHP images are.
set -e
mkdir -p /run/php
php-fpm8.2 -D
exec nginx -c /etc/nginx/php.conf
