// PatternSet: many literal texts looked for in one pass (Vectorscan). The only code that touches hs.h.
// Literals alone: Vectorscan 5.4.9 overlooks expressions, such as a.*b.*c behind 64 other bytes, and a rule
// must not be deaf to what is padded. Compiled once, immutable; each scan brings a scratch of its own. Filled
// by program_build.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

class PatternScratch {
 public:
  PatternScratch() = default;
  PatternScratch(PatternScratch&&) noexcept = default;
  PatternScratch& operator=(PatternScratch&&) noexcept = default;

 private:
  friend class PatternSet;
  struct Free {
    void operator()(void* scratch) const;
  };
  std::unique_ptr<void, Free> scratch_;
};

class PatternSet {
 public:
  static constexpr size_t kMaxPatterns = 50'000, kMaxPatternBytes = 64, kMaxDatabaseBytes = 256 << 20;

  /// Whether this processor can run it at all.
  static bool available();
  /// Each 1 to kMaxPatternBytes long and without a byte 0; upper and lower case of ASCII letters are the
  /// same. Errc::limit: too many, or the database is too large.
  static Result<PatternSet> compile(const std::vector<std::string>& literals);
  size_t database_bytes() const { return bytes_; }

  /// Makes the scratch fit this set, too; one scratch serves many sets.
  Status prepare(PatternScratch& scratch) const;
  /// For another thread or scan; `scratch` is not in use.
  static Result<PatternScratch> clone(const PatternScratch& scratch);
  /// Appends the number of each literal that is in the text, once. False: could not be done, and `hits` is as
  /// it was.
  bool scan(std::string_view text, PatternScratch& scratch, std::vector<uint32_t>& hits) const;

 private:
  struct Free {
    void operator()(void* database) const;
  };
  PatternSet() = default;
  std::unique_ptr<void, Free> database_;
  size_t bytes_ = 0;
};

}  // namespace assay
