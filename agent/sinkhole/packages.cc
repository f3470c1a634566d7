// What the mirrors share, and which of them is asked.
#include "agent/sinkhole/packages.h"

#include <openssl/evp.h>

namespace assay::sinkhole {

std::vector<std::string> package_versions() {
  std::vector<std::string> out;
  for (int major = 0; major < 10; ++major) out.push_back(std::to_string(major) + ".99.0");
  return out;
}

std::string raw_digest(const char* algorithm, std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (::EVP_Digest(bytes.data(), bytes.size(), digest, &size, ::EVP_get_digestbyname(algorithm), nullptr) !=
      1)
    return "";
  return std::string(reinterpret_cast<const char*>(digest), size);
}

std::string percent_decoded(std::string_view text) {
  auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    bool escape = text[i] == '%' && i + 2 < text.size() && value(text[i + 1]) >= 0 && value(text[i + 2]) >= 0;
    out += escape ? static_cast<char>(value(text[i + 1]) * 16 + value(text[i + 2])) : text[i];
    i += escape ? 2 : 0;
  }
  return out;
}

WebAnswer serve_package(Canary canary, const WebRequest& request, Moment& moment) {
  if (request.method == "GET") moment.told.push_back(canary_report(canary, request, moment.peer));
  return {200, canary.content_type, std::move(canary.bytes), {}};
}

std::optional<WebAnswer> answer_packages(const WebRequest& request, Moment& moment) {
  for (Site mirror : {answer_apt, answer_pypi, answer_npm})
    if (auto answer = mirror(request, moment)) return answer;
  return std::nullopt;
}

}  // namespace assay::sinkhole
