// Libraries that hide what others do, by standing before the C library.

rule preload_rootkit
{
  meta:
    description = "A library that wraps directory listing and hides by way of /etc/ld.so.preload"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1574.006"
  strings:
    $preload = "ld.so.preload"
    $next = "dlsym"
    $wrap1 = "readdir64"
    $wrap2 = "readdir"
    $wrap3 = "__xstat"
    $wrap4 = "fopen"
    $wrap5 = "accept"
    $proc1 = "/proc/self/fd/%d"
    $proc2 = "/proc/%s/stat"
    $proc3 = "/proc/net/tcp"
    $hide1 = "hide" nocase
    $hide2 = "HIDDEN" nocase
    $hide3 = "magic" nocase
    $interpreter1 = "/ld-linux"  // a program, though it looks like a library
    $interpreter2 = "/ld-musl"
  condition:
    uint32(0) == 0x464c457f and uint16(16) == 3 and filesize < 2MB and $next and
    not $interpreter1 in (0..4096) and not $interpreter2 in (0..4096) and
    2 of ($wrap*) and (($preload and any of ($hide*)) or (2 of ($proc*) and any of ($hide*) and $wrap1))
}

rule names_preload_file
{
  meta:
    description = "A script that writes to /etc/ld.so.preload, by which a library comes into every program"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1574.006"
  strings:
    $write = />>?\s*\/etc\/ld\.so\.preload/
    $copy = /\b(cp|mv|tee|install)\b[^\n;|]{0,80}\/etc\/ld\.so\.preload/
  condition:
    filesize < 512KB and uint16(0) == 0x2123 and any of them
}
