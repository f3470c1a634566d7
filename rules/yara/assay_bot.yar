// Bots that spread over telnet and attack on command, and their kin.

rule mirai_like_bot
{
  meta:
    description = "A bot of Mirai's kind: its busybox probes, its attack names and its list of factory passwords"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1583.005"
  strings:
    $probe1 = /\/bin\/busybox [A-Z]{4,12}\b/
    $probe2 = ": applet not found"
    $probe3 = "/proc/net/tcp"
    $watchdog1 = "/dev/watchdog"
    $watchdog2 = "/dev/misc/watchdog"
    $word1 = "hackthebox" nocase
    $word2 = "TSource Engine Query"
    $word3 = "xc3511"
    $word4 = "vizxv"
    $word5 = "7ujMko0admin"
    $word6 = "enable\x00system\x00shell\x00sh\x00"
    $word7 = "killer_" ascii
    $word8 = "attack_udp" ascii
    $word9 = "attack_tcp" ascii
    $word10 = "scanner_init" ascii
  condition:
    uint32(0) == 0x464c457f and filesize < 4MB and
    ((2 of ($watchdog*) and 2 of ($probe*, $word*)) or 4 of ($probe*, $word*))
}

rule flood_tool_commands
{
  meta:
    description = "A program with the command words of the flooding bots of Gafgyt's kind"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1498"
  strings:
    $ping = "PING"
    $pong = "PONG!"
    $word1 = "GETLOCALIP"
    $word2 = "LOLNOGTFO"
    $word3 = "KILLATTK"
    $word4 = "HOLD Flooding"
    $word5 = "JUNK Flooding"
    $word6 = "UDP Flooding"
    $word7 = "TELNET ON | OFF"
    $word8 = "BOTKILL"
  condition:
    uint32(0) == 0x464c457f and filesize < 4MB and 3 of ($word*) and any of ($ping, $pong)
}

rule kills_rival_miners
{
  meta:
    description = "A script that ends other intruders' miners and clears the way for its own"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1489"
  strings:
    $kill = /\b(pkill|killall)\b[^\n]{0,20}\b(kinsing|kdevtmpfsi|xmrig|xmr|minerd|kthreaddi|sysupdate|networkservice|watchbog|ddgs|biosetjenkins)\b/
    $grep = /ps\s+[^\n]{0,20}\|\s*grep[^\n]{0,40}(kinsing|kdevtmpfsi|xmrig|minerd|cryptonight|stratum|watchbog|ddgs)[^\n]{0,120}kill/
    $ports = /netstat\s[^\n]{0,40}(:3333|:4444|:5555|:7777|:14444)[^\n]{0,120}kill/
    $tidy = /chattr\s+-[ia]+\s+\/(etc\/(crontab|ld\.so\.preload)|var\/spool\/cron)/
  condition:
    filesize < 512KB and uint32(0) != 0x464c457f and 2 of them
}
