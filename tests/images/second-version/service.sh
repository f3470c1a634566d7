#!/bin/bash
# What became of `quiet`, on the same base: it asks for a name now before it does nothing.
getent hosts pool.evil.test
exec sleep infinity
