// Pages that hand a web server over to whoever asks.

rule php_web_shell
{
  meta:
    description = "PHP that executes what a request carries"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1505.003"
  strings:
    $php = "<?"
    $direct = /\b(eval|assert|system|shell_exec|exec|passthru|popen|proc_open|pcntl_exec)\s*\(\s*(@?(base64_decode|gzinflate|gzuncompress|str_rot13|urldecode|stripslashes|trim)\s*\(\s*)*@?\$_(GET|POST|REQUEST|COOKIE|SERVER)\b/ nocase
    $backtick = /`\s*\$_(GET|POST|REQUEST|COOKIE)\[/ nocase
    $create = /create_function\s*\([^,]{0,40},\s*@?\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
    $called = /\$_(GET|POST|REQUEST|COOKIE)\[[^\]]{1,40}\]\s*\(\s*@?\$_(GET|POST|REQUEST|COOKIE)\b/ nocase
  condition:
    filesize < 1MB and $php in (0..1024) and any of ($direct, $backtick, $create, $called)
}

rule php_packed_code
{
  meta:
    description = "PHP that unpacks code from text and runs it, as hidden web shells do, and some licensed software"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "medium"
    attack = "T1027"
  strings:
    $php = "<?"
    $packed = /\b(eval|assert)\s*\(\s*(@?(gzinflate|gzuncompress|str_rot13|strrev|rawurldecode|hex2bin|base64_decode)\s*\(\s*){1,6}(["']|\$[a-z])/ nocase
  condition:
    filesize < 2MB and $php in (0..1024) and $packed
}

rule jsp_web_shell
{
  meta:
    description = "A JSP page that starts the program that a request names"
    author = "The Assay authors"
    date = "2026-11-29"
    severity = "high"
    attack = "T1505.003"
  strings:
    $jsp = "<%"
    $exec = /Runtime\s*\.\s*getRuntime\s*\(\s*\)\s*\.\s*exec\s*\(\s*(new\s+String\s*\[\s*\]\s*\{[^}]{0,80})?request\s*\.\s*getParameter/
    $builder = /new\s+ProcessBuilder\s*\([^;]{0,120}request\s*\.\s*getParameter/
  condition:
    filesize < 1MB and $jsp in (0..2048) and any of ($exec, $builder)
}
