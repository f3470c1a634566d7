// canaries: harmless files to answer downloads with, of the kind that the client hopes for, each unique. When
// one is run, sourced or loaded it opens its canary path (common/canary.h), which names it. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "agent/lure/lures.h"

namespace assay::sinkhole {

enum class CanaryKind : uint8_t {
  shell,  // a POSIX shell script that Python runs too: who fetches a bare name may feed it to either
  python,
  javascript,  // runs under node; does nothing in a browser
  perl,
  php,
  ruby,
  elf,   // starts as a program, and loads as a shared object
  gzip,  // of a shell script
  tar,   // with an install.sh, a setup.py, and a program
  tar_gz,
  zip,
  deb,  // a package with a postinst
  json,
  html,
  text,
};
inline constexpr size_t kCanaryKindCount = 15;
const char* to_string(CanaryKind kind);
const char* content_type(CanaryKind kind);

/// By a file's extension; nothing where that says nothing, or there is none.
std::optional<CanaryKind> kind_of_extension(std::string_view name);
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
  static constexpr uint64_t kMaxMade = 16'384;  // beyond, one of a kind is handed out again

  explicit Canaries(const lure::Seed& seed) : seed_(seed) {}
  /// The next one: its marker follows from the seed and a counter. `leaf`: the file's name as it was asked
  /// for, after which programs inside of an archive are named.
  Canary make(CanaryKind kind, std::string_view leaf = {});
  /// One that is the same whenever it is asked for: what an index named by size and hash before. A deb is the
  /// package of that name.
  Canary make_named(CanaryKind kind, std::string_view name) const;
  /// For files that are built elsewhere: the marker that belongs to a purpose.
  std::string marker(std::string_view purpose) const;
  bool exhausted() const { return made_ >= kMaxMade; }

  /// Package indexes, which are dear to make, by path.
  std::map<std::string, std::string> indexes;

 private:
  lure::Seed seed_;
  uint64_t made_ = 0;
};

/// With everything but kind, marker and bytes filled in.
Canary finished_canary(CanaryKind kind, std::string marker, std::string bytes);

}  // namespace assay::sinkhole
