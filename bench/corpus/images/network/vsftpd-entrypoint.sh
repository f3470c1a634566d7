#!/bin/sh
# As the popular images: a user for the files, from the environment.
set -e
mkdir -p /run/vsftpd/empty /srv/ftp/files
id "$FTP_USER" >/dev/null 2>&1 || useradd --home-dir /srv/ftp/files --shell /usr/sbin/nologin "$FTP_USER"
echo "$FTP_USER:$FTP_PASS" | chpasswd
chown "$FTP_USER" /srv/ftp/files
exec vsftpd /etc/vsftpd.conf -olisten=YES -olisten_ipv6=NO -obackground=NO -olocal_enable=YES -owrite_enable=YES
