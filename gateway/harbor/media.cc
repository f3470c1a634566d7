// Types and their one parameter, compared.
#include "gateway/harbor/media.h"

#include <span>
#include <string>

#include "common/ascii.h"
#include "common/words.h"

namespace assay::gateway::harbor {
namespace {

struct Parts {
  std::string type, version;
};

Parts parts_of(std::string_view text) {
  Parts out;
  for (std::string_view part : split(text, ';')) {
    std::string word = ascii_lower(trimmed(part));
    if (out.type.empty()) out.type = word;
    if (word.starts_with("version=")) out.version = word.substr(8);
  }
  if (out.version.size() >= 2 && out.version.front() == '"' && out.version.back() == '"')
    out.version = out.version.substr(1, out.version.size() - 2);
  return out;
}

std::optional<std::string_view> served(std::string_view accept, std::span<const char* const> all) {
  if (trimmed(accept).empty()) return all.front();
  for (std::string_view wanted : split(accept, ',')) {
    std::string type = parts_of(wanted).type;
    if (type == "*/*" || type == "application/*") return all.front();
    for (const char* one : all)
      if (same_type(wanted, one)) return one;
  }
  return std::nullopt;
}

}  // namespace

bool same_type(std::string_view a, std::string_view b) {
  Parts left = parts_of(a), right = parts_of(b);
  if (left.type.empty() || left.type != right.type) return false;
  return left.version.empty() || right.version.empty() || left.version == right.version;
}

std::optional<std::string_view> metadata_type(std::string_view accept) {
  constexpr const char* kAll[] = {kMetadata10, kMetadata11};
  // Who takes any JSON gets it under the first name.
  if (same_type(accept, "application/json")) return kMetadata10;
  return served(accept, kAll);
}

std::optional<std::string_view> report_type(std::string_view accept) {
  constexpr const char* kAll[] = {kReport10, kReport11, kGenericReport, kRawReport};
  return served(accept, kAll);
}

bool is_scan_request(std::string_view content_type) {
  if (content_type.empty() || same_type(content_type, "application/json")) return true;
  constexpr std::string_view kType = "application/vnd.scanner.adapter.scan.request+json";
  return same_type(content_type, std::string(kType) + "; version=1.0") ||
         same_type(content_type, std::string(kType) + "; version=1.1");
}

}  // namespace assay::gateway::harbor
