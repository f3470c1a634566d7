#!/bin/bash
# A CI runner's job: clones, checks out, builds, tests, packs the result.
set -e
export HOME=/root
git config --global user.email ci@example.org
git config --global user.name ci
git config --global --add safe.directory '*'
git clone --depth 1 https://github.com/example/project.git /builds/upstream || echo 'upstream does not answer; using the mirror'
git init -q --bare /mirror.git
cp -r /src/c /builds-seed && cd /builds-seed && git init -q && git add -A && git commit -qm 'Import' && git push -q /mirror.git HEAD:main
git clone -q -b main /mirror.git /builds/project
cd /builds/project
git rev-parse HEAD
make && make test
tar czf /builds/artifact.tar.gz primes
sha256sum /builds/artifact.tar.gz
