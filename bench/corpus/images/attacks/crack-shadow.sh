#!/bin/sh
# Takes the hashes of passwords and cracks them.
cp /etc/shadow /tmp/.h
# shellcheck disable=SC2016  # the dollars are the hash's
printf 'svc:$1$abcdefgh$G4eY2bC8m8i1k0o6UIyV01:0:0::/:/bin/sh\n' >>/tmp/.h
john --format=md5crypt --max-run-time=8 /tmp/.h
