#!/bin/sh
# A certificate of its own where none was mounted, then the mail server.
set -e
if [ ! -s /etc/dovecot/private/dovecot.key ]; then
  mkdir -p /etc/dovecot/private
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=mail.example.org \
    -keyout /etc/dovecot/private/dovecot.key -out /etc/dovecot/private/dovecot.pem 2>/dev/null
  chmod 600 /etc/dovecot/private/dovecot.key
fi
exec dovecot -F
