#!/bin/sh
# provoked: does nothing itself; what else there is waits for its time. One thing is added as it starts, as an implant would.
echo '* * * * * root echo late >/tmp/by-late-cron' >/etc/cron.d/late
exec sleep 600
