#!/bin/bash
# A relay as many compose files have it: settings from the environment, maps made, then the master.
set -e
postconf -e "myhostname=${MAIL_HOST:-mail.example.org}" 'inet_interfaces=all' 'inet_protocols=ipv4' 'maillog_file=/dev/stdout' \
  "relayhost=${RELAY_HOST:-}" 'smtpd_recipient_restrictions=permit_mynetworks,reject'
printf 'postmaster: root\n' >/etc/aliases
newaliases
exec postfix start-fg
