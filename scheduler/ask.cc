// The one form of an error's body.
#include "scheduler/ask.h"

#include <nlohmann/json.hpp>

#include "common/text.h"

namespace assay::ask {

std::string error_body(std::string_view code, std::string_view message) {
  nlohmann::ordered_json error = {{"code", printable(code)}, {"message", printable(message)}};
  return nlohmann::ordered_json{{"error", std::move(error)}}.dump();
}

}  // namespace assay::ask
