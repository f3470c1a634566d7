#!/bin/sh
# Installs what requirements name when it starts, as images for development do, then runs the program.
cd /srv/package || exit
cp -r /srv/package /tmp/package
pip install --break-system-packages --no-cache-dir requests==2.31.0 || echo 'the index does not answer; going on with what is here'
pip install --break-system-packages --no-index --no-build-isolation /tmp/package
python3 -c 'import greeter; print(greeter.greet("world"))'
exec python3 -m http.server 8000
