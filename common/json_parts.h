// Fields of JSON that may be missing, or of another type than is hoped for. For .cc files only.
#pragma once

#include <string>

namespace assay {

/// The text under the name, or empty.
template <class Json>
std::string text_of(const Json& from, const char* name) {
  auto found = from.find(name);
  return found != from.end() && found->is_string() ? found->template get<std::string>() : std::string();
}

}  // namespace assay
