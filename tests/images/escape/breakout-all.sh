#!/bin/sh
# breakout-all: every attempt of breakout.c, then those that go by util-linux's programs.
breakout
nsenter -t 1 -m -u -i -n -p -- id
unshare -Urm sh -c 'mount -t cgroup -o memory cgroup /mnt && ls /mnt'
mount -t tmpfs none /mnt && umount /mnt
exec sleep infinity
