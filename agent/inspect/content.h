// content: what a file is by its bytes: its type (libmagic) and a digest that similar files have in common
// (TLSH). Feeds server; runs only inside assay-inspect.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay::inspect {

class Magic {
 public:
  /// Reads the system's database. Errc::not_found: there is none.
  static Result<Magic> open();
  Magic(Magic&&) noexcept;
  Magic& operator=(Magic&&) noexcept;
  ~Magic();
  /// "text/x-shellscript"; empty: libmagic failed. Moves the file's offset.
  std::string mime(int file) const;

 private:
  struct State;
  explicit Magic(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// "T1" and 70 hex digits, or empty: fewer than 256 bytes, or too uniform.
std::string similarity_of(std::string_view bytes);

/// The name by which public rule sets know a type: "ELF", "EXE", "PHP"..., or empty.
std::string yara_file_type(std::string_view mime);

}  // namespace assay::inspect
