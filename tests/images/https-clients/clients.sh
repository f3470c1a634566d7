#!/bin/sh
# Every client verifies whom it talks to, as it does by default; each says how it went.
say() { if [ "$2" -eq 0 ]; then echo "$1 ok"; else echo "$1 failed"; fi; }

curl -sS --max-time 10 -d 'body=from-curl' https://curl.example.com/collect >/dev/null
say curl $?

wget -q -T 10 -t 1 -O /dev/null --post-data='body=from-wget' https://wget.example.com:8443/collect
say wget $?

python3 - <<'PYTHON'
import urllib.request
urllib.request.urlopen("https://python.example.com:9443/collect", b"body=from-python", 10).read()
PYTHON
say python $?

node - <<'JAVASCRIPT'
const request = require('https').request(
  {host: 'node.example.com', port: 4444, path: '/collect', method: 'POST', timeout: 10000},
  (answer) => answer.resume().on('end', () => process.exit(0)));
request.on('error', (error) => { console.error(error.message); process.exit(1); });
request.end('body=from-node');
JAVASCRIPT
say node $?

# By address, so without a name; the certificate must bear the address.
printf 'POST /collect HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\nConnection: close\r\n\r\nbody=from-openssl' |
  timeout 10 openssl s_client -quiet -verify_return_error -verify_ip 203.0.113.9 -noservername -connect 203.0.113.9:5555 -ign_eof >/tmp/openssl.out 2>/tmp/openssl.err
grep -q '^HTTP/1.1 200' /tmp/openssl.out
say openssl $?

# It need not be a repository: an answer over TLS is enough.
GIT_CURL_VERBOSE=1 GIT_TERMINAL_PROMPT=0 timeout 10 git ls-remote https://git.example.com/project.git >/dev/null 2>/tmp/git.err
grep -q 'HTTP/1.1 [2-4]' /tmp/git.err
say git $?

# Who speaks first within TLS is the server.
timeout 3 openssl s_client -quiet -verify_return_error -connect mail.example.com:465 </dev/null >/tmp/mail.out 2>/dev/null
grep -q '^220 ' /tmp/mail.out
say mail $?

# A client with an authority of its own refuses us.
curl -sS --max-time 10 --cacert /etc/ssl/certs/ISRG_Root_X1.pem --capath /nowhere https://pinned.example.com/ >/dev/null 2>&1
[ $? -eq 60 ]
say pinned $?
