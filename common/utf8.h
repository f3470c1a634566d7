// utf8: whether bytes are well-formed UTF-8 (Unicode 15, table 3-7). In text.cc.
#pragma once

#include <string_view>

namespace assay {

bool is_utf8(std::string_view bytes);

}  // namespace assay
