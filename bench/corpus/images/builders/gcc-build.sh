#!/bin/sh
# A build job: configure, make, test, install.
set -e
cp -r /src/c /build
cd /build
make -j2
make test
make install DESTDIR=/out
find /out -type f -exec ls -l '{}' +
