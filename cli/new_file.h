// new_file: a file that a verb writes for its user: it has its name only once it is whole, and never takes
// another's place unasked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"

namespace assay::cli {

class NewFile {
 public:
  /// Errc::conflict when `path` exists and is not to be overwritten. `what` is written of it in errors ("the
  /// archive"); it may have `most` bytes.
  static Result<NewFile> create(const std::string& path, bool overwrite, std::string what,
                                uint64_t most = 4ull << 30);
  NewFile(NewFile&&) noexcept = default;
  ~NewFile();
  Status add(std::string_view bytes);
  Status finish();
  /// Where its bytes are until then: to be read back.
  const std::string& part() const { return part_; }
  uint64_t bytes() const { return bytes_; }

 private:
  NewFile(std::string path, std::string part, Fd fd, bool overwrite, std::string what, uint64_t most)
      : path_(std::move(path)),
        part_(std::move(part)),
        what_(std::move(what)),
        fd_(std::move(fd)),
        overwrite_(overwrite),
        most_(most) {}

  std::string path_, part_, what_;
  Fd fd_;  // none: it has its name
  bool overwrite_;
  uint64_t bytes_ = 0, most_;
};

}  // namespace assay::cli
