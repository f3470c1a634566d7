#!/bin/sh
# Reconnaissance of the network it woke up in.
net=$(ip -4 route | awk '/link/ { print $1; exit }')
nmap -sS -Pn -n -T4 --top-ports 100 "${net:-10.0.0.0/24}" 192.168.0.1 10.0.0.1 -oN /tmp/hosts
masscan 10.0.0.0/24 -p22,2375,6379,10250 --rate 500 --wait 1
