// What honest software does as well: it accuses nobody alone, and says what to look at.

rule upx_packed
{
  meta:
    description = "A program packed by UPX, or by a UPX whose marks were changed"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "low"
    attack = "T1027.002"
  strings:
    $mark = "UPX!"
    $info = "$Info: This file is packed with the UPX"
    $id = "$Id: UPX "
  condition:
    uint32(0) == 0x464c457f and ($info or $id or ($mark in (0..1024) and $mark in (filesize - 1024..filesize)))
}

rule script_checks_date
{
  meta:
    description = "A script that compares the date with one that is written in it, before it acts"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "low"
    attack = "T1497.003"
  strings:
    // [ $(date +%s) -gt 1735689600 ], [[ "$(date +%Y%m%d)" < 20270101 ]], test `date +%s` -lt ...
    $shell_direct = /(\[{1,2}|\btest|\(\()\s*"?(\$\(|`)\s*(\/[a-z\/]{1,20})?date\s+[^\n)`]{0,40}[\)`]"?\s*(-(gt|lt|ge|le|eq|ne)|[<>=!]=?)/
    $shell_turned = /(-(gt|lt|ge|le|eq|ne)|[<>=!]=)\s*"?(\$\(|`)\s*(\/[a-z\/]{1,20})?date\s+\+/
    // now=$(date +%s) ... [ "$now" -lt 1735689600 ]
    $shell_set = /\b[a-zA-Z_][a-zA-Z0-9_]{0,30}=("?)(\$\(|`)\s*(\/[a-z\/]{1,20})?date\s+[^\n)`]{0,40}[\)`]/
    $shell_number = /(\[{1,2}|\btest|\(\()\s[^\n]{0,60}\s(-(gt|lt|ge|le)|[<>]=?)\s*"?(1[0-9]{9}|20[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])?)\b/
    $python_now = /(datetime\.(datetime\.)?(now|today|utcnow)|date\.today)\s*\([^)\n]{0,30}\)\s*(\.[a-z_]{1,12}(\(\))?\s*)?[<>]=?/
    $python_turned = /[<>]=?\s*(datetime\.(datetime\.)?(now|today|utcnow)|date\.today)\s*\(/
    $python_time = /time\.time\s*\(\s*\)\s*[<>]=?\s*[0-9]{9}/
    $node = /(Date\.now\s*\(\s*\)|new\s+Date\s*\(\s*\))(\.getTime\s*\(\s*\))?\s*[<>]=?\s*(new\s+Date\s*\(|Date\.parse|Date\.UTC|[0-9]{12})/
    $perl = /\btime(\(\))?\s*[<>]=?\s*[0-9]{9,10}\b/
  condition:
    filesize < 256KB and uint32(0) != 0x464c457f and
    ($shell_direct or $shell_turned or ($shell_set and $shell_number) or any of ($python*) or $node or
     ($perl and uint16(0) == 0x2123))
}

rule script_looks_for_sandbox
{
  meta:
    description = "A script that looks for marks of a sandbox, a virtual machine or an analyst"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "low"
    attack = "T1497.001"
  strings:
    $gvisor1 = /(dmesg|\/dev\/kmsg|\/proc\/version)[^\n]{0,80}g[vV]isor/
    $gvisor2 = /grep[^\n]{0,40}["' ]g[vV]isor/
    $gvisor3 = "Starting gVisor"
    $vm1 = /(product_name|sys_vendor|board_vendor|bios_vendor)[^\n]{0,80}(VirtualBox|VMware|QEMU|KVM|Xen|Bochs)/ nocase
    $vm2 = /grep[^\n]{0,40}(hypervisor|QEMU|VirtualBox|VMware)[^\n]{0,40}(\/proc\/cpuinfo|\/sys\/class\/dmi)/ nocase
    $vm3 = /\b(systemd-detect-virt|virt-what)\b/
    $analyst1 = /\b(pgrep|pidof|ps)\b[^\n]{0,40}\b(strace|ltrace|gdb|tcpdump|wireshark|sysdig|falco)\b/
    $analyst2 = /grep[^\n]{0,20}TracerPid[^\n]{0,40}\/proc\/(self|\$\$)\/status/
    $docker = /\[\s*!?\s*-[ef]\s+\/\.dockerenv\s*\]/
  condition:
    filesize < 256KB and uint32(0) != 0x464c457f and
    (any of ($gvisor*) or any of ($analyst*) or 2 of ($vm*) or (any of ($vm*) and $docker))
}

rule program_looks_for_sandbox
{
  meta:
    description = "A program that names the marks of sandboxes and virtual machines"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "low"
    attack = "T1497.001"
  strings:
    $gvisor = "Starting gVisor"
    $mark1 = "/sys/class/dmi/id/product_name"
    $mark2 = "/sys/class/dmi/id/sys_vendor"
    $mark3 = "/.dockerenv"
    $mark4 = "TracerPid:"
    $name1 = "VirtualBox"
    $name2 = "VMware"
    $name3 = "Bochs"
    $name4 = "innotek GmbH"
    $name5 = "Cuckoo"
  condition:
    uint32(0) == 0x464c457f and filesize < 8MB and ($gvisor or (2 of ($mark*) and 3 of ($name*)))
}
