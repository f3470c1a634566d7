// Scripts that give a shell to a host that they connect to.

rule shell_reverse_shell
{
  meta:
    description = "A shell script that connects a shell to another host"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1059.004"
  strings:
    $dev = /(ba)?sh\s+-i\s+[^\n]{0,40}\/dev\/(tcp|udp)\/[^\s\/]{1,100}\/[0-9$]/
    $exec = /exec\s+[0-9]{1,3}<>\s*\/dev\/(tcp|udp)\/[^\s\/]{1,100}\/[0-9$]/
    $netcat = /\b(nc|ncat|netcat)\b[^\n|;]{0,80}\s(-e|-c|--exec|--sh-exec)\s*(\/[a-z\/]{1,20})?\b(ba|da|z|k)?sh\b/
    $fifo = /mkfifo\s[^\n]{1,80}\n?[^\n]{0,120}\|\s*(\/[a-z\/]{1,20})?(ba|da)?sh\b[^\n]{0,60}\|\s*(\/[a-z\/]{1,20})?(nc|ncat|netcat|openssl|telnet)\b/
    $socat = /\bsocat\b[^\n]{0,120}exec:['"]?(\/[a-z\/]{1,20})?(ba|da)?sh\b/ nocase
  condition:
    filesize < 512KB and uint32(0) != 0x464c457f and any of them
}

rule interpreter_reverse_shell
{
  meta:
    description = "Python, Perl, Ruby or PHP that puts a shell on a network connection"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1059.006"
  strings:
    $python_socket = /socket\.socket\s*\(/
    $python_dup = /os\.dup2\s*\(\s*[a-z_]{1,20}\.fileno\s*\(\s*\)\s*,\s*[012a-z]/
    $python_shell = /(pty\.spawn|subprocess\.(call|Popen|run)|os\.(system|execve?))\s*\(\s*\[?\s*["']\/?[a-z\/]{0,12}sh\b/
    $perl = /socket\s*\(\s*S\s*,[^;]{0,80};[^\n]{0,300}open\s*\(\s*STD(IN|OUT)\s*,\s*["']>&S["']/ nocase
    $ruby = /TCPSocket\.(new|open)\s*\([^\n]{0,120}(exec|spawn|popen)[^\n]{0,40}sh\b/
    $php = /fsockopen\s*\([^;]{0,120};[^\n]{0,80}(exec|shell_exec|proc_open|popen|system)\s*\(\s*["'][^"']{0,12}sh\b/
  condition:
    filesize < 512KB and uint32(0) != 0x464c457f and
    (($python_socket and $python_dup and $python_shell) or $perl or $ruby or $php)
}
