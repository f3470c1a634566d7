// The one form of an error: its status and its body.
#include "scheduler/ask.h"

#include <nlohmann/json.hpp>

#include "common/text.h"

namespace assay::ask {

std::string error_body(std::string_view code, std::string_view message) {
  nlohmann::ordered_json error = {{"code", printable(code)}, {"message", printable(message)}};
  return nlohmann::ordered_json{{"error", std::move(error)}}.dump();
}

wire::Answer refusal(const Error& error) {
  return {static_cast<uint32_t>(http_status(error.code)), error_body(to_string(error.code), error.what)};
}

int http_status(Errc code) {
  switch (code) {
    case Errc::invalid:
      return 400;
    case Errc::denied:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
      return 409;
    case Errc::limit:
      return 429;
    case Errc::unsupported:
      return 501;
    case Errc::busy:
    case Errc::unreachable:
      return 503;
    case Errc::timeout:
      return 504;
    case Errc::no_space:
      return 507;
    default:
      return 500;
  }
}

}  // namespace assay::ask
