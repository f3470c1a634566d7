#!/bin/sh
# A bastion: host keys made at the first start, then sshd in the foreground.
set -e
mkdir -p /run/sshd
ssh-keygen -A
exec /usr/sbin/sshd -D -e -o PasswordAuthentication=no -o PermitRootLogin=no
