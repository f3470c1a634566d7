#!/bin/sh
# Takes the machine's processors and memory.
exec stress-ng --cpu 4 --vm 2 --vm-bytes 64M --timeout 60s
