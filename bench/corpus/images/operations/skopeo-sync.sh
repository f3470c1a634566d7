#!/bin/sh
# Mirrors images between registries.
set -u
skopeo inspect docker://registry.example.com/library/app:1.4 || echo 'not reached'
mkdir -p /mirror
skopeo copy docker://docker.io/library/alpine:3.20 dir:/mirror/alpine || echo 'not copied'
