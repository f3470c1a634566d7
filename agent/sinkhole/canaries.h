// canaries: harmless files to answer downloads with, of the kind that the client hopes for, each unique. When one
// is run, sourced or loaded it opens its canary path (common/canary.h), which names it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/lure/lures.h"

namespace assay::sinkhole {

enum class CanaryKind : uint8_t {
  shell,       // a POSIX shell script
  python,
  javascript,  // runs under node; does nothing in a browser
  perl,
  php,
  ruby,
  elf,      // starts as a program, and loads as a shared object
  gzip,     // of a shell script or an ELF file
  tar,      // with an install.sh, a setup.py, and a program
  tar_gz,
  zip,
  deb,      // a package with a postinst
  json,
  html,
  text,
};
const char* to_string(CanaryKind kind);
/// kind_of_extension(), else elf for what is named like a program of some architecture, else shell.
CanaryKind kind_for_name(std::string_view name);

struct Canary {
  CanaryKind kind = CanaryKind::text;
  std::string marker;        // kMarkerBytes hex digits; empty: nothing in it can be run
  std::string content_type;  // for HTTP
  std::string bytes;         // at most 256 KiB
  std::string sha256;
};

class Canaries {
 public:
  explicit Canaries(const lure::Seed& seed) : seed_(seed) {}
  /// The next one: its marker follows from the seed and a counter.
  Canary make(CanaryKind kind);
  /// One that is the same whenever it is asked for: what an index named by size and hash before.
  Canary make_named(CanaryKind kind, std::string_view name) const;

 private:
  lure::Seed seed_;
  uint64_t made_ = 0;
};

}  // namespace assay::sinkhole
