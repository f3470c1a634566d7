#!/bin/sh
# Reconnaissance of the networks around it.
nmap -sT -Pn -n -T4 --max-retries 0 -p 22,80,443,2375,3306,5432,6379,8080,10250 10.0.0.1-40 192.168.0.1-20 -oN /tmp/hosts
masscan 10.0.0.0/24 -p22,2375,6379,10250 --rate 500 --wait 1
