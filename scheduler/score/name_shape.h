// name_shape: what a DNS name looks like, for rules about names that carry data or were made by a program.
// Pure, in whole numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

struct NameShape {
  std::string domain;         // registrable: the last two labels, three below a country's "co", "com"...
  uint64_t label_length = 0;  // of the longest label left of it
  uint64_t entropy = 0;       // Shannon's, of all that stands left of it, in tenths of a bit a character
};

NameShape shape_of(std::string_view name);

}  // namespace assay
