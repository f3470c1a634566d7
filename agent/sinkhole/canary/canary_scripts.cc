// The texts, with the path put in, and the machine code of canary_elf.c with its placeholder patched.
#include "agent/sinkhole/canary/canary_scripts.h"

#include <cassert>

#include "common/canary.h"

// Made by the linker of canary_elf.c's shared object (agent/CMakeLists.txt).
extern "C" const char _binary_canary_elf_so_start[], _binary_canary_elf_so_end[];

namespace assay::sinkhole {
namespace {

constexpr std::string_view kPlaceholder = "/var/lib/misc/.ffffffffffffffffffffffffffffffff";

// `true`, not `:`: a failed redirection of a special built-in ends a POSIX shell. ''':' is the command ':' to
// a shell and opens a string in Python, so that each passes over the other's part.
constexpr std::string_view kShell = R"(#!/bin/sh
''':'
{ true <@; } 2>/dev/null || :
: <<'___'
'''
try:
    open('@').close()
except Exception:
    pass
'''
___
# '''
)";

constexpr std::string_view kPython = R"(#!/usr/bin/env python3
try:
    open('@').close()
except Exception:
    pass
)";

// require is there in scripts and under eval; in modules, and where the code was compiled in the global
// scope, it is not: then what the process itself offers.
constexpr std::string_view kJavascript = R"((function () {
  try {
    var fs = null;
    if (typeof require === 'function') fs = require('fs');
    else if (typeof process !== 'object') return;
    else if (process.getBuiltinModule) fs = process.getBuiltinModule('fs');
    else if (process.mainModule) fs = process.mainModule.require('fs');
    if (fs) fs.openSync('@', 'r');
    else process.binding('fs').open('@', 0, 438, undefined, {});
  } catch (e) {}
})();
)";

constexpr std::string_view kPerl = R"(#!/usr/bin/perl
if (open(my $file, '<', '@')) { close($file); }
1;
)";

constexpr std::string_view kPhp = R"(<?php
$file = @fopen('@', 'r');
if ($file) { fclose($file); }
)";

constexpr std::string_view kRuby = R"(#!/usr/bin/env ruby
begin
  File.open('@').close
rescue StandardError
end
)";

std::string with_path(std::string_view text, std::string_view marker) {
  const std::string path = canary_path(marker);
  std::string out;
  for (char c : text) c == '@' ? out += path : out += c;
  return out;
}

}  // namespace

std::string shell_script(std::string_view marker) { return with_path(kShell, marker); }
std::string python_script(std::string_view marker) { return with_path(kPython, marker); }
std::string javascript(std::string_view marker) { return with_path(kJavascript, marker); }
std::string perl_script(std::string_view marker) { return with_path(kPerl, marker); }
std::string ruby_script(std::string_view marker) { return with_path(kRuby, marker); }

std::string php_script(std::string_view marker) {
  // PHP's own @ hides the warning.
  std::string text(kPhp);
  for (size_t at = 0; (at = text.find("'@'", at)) != std::string::npos;)
    text.replace(at + 1, 1, canary_path(marker));
  return text;
}

std::string elf_program(std::string_view marker) {
  std::string program(_binary_canary_elf_so_start, _binary_canary_elf_so_end);
  std::string path = canary_path(marker);
  size_t at = program.find(kPlaceholder);
  assert(at != std::string::npos && path.size() == kPlaceholder.size());
  return program.replace(at, path.size(), path);
}

}  // namespace assay::sinkhole
