// Lines, fields, dispatch.
#include "cli/sse.h"

namespace assay::cli {
namespace {

Error too_large() {
  return {Errc::limit, "the server's stream of events has one of more than " +
                           std::to_string(SseParser::kMaxEventBytes) + " bytes"};
}

}  // namespace

Result<std::vector<SseEvent>> SseParser::feed(std::string_view bytes) {
  std::vector<SseEvent> out;
  for (char c : bytes) {
    bool feeds_after_cr = c == '\n' && after_cr_;
    after_cr_ = c == '\r';
    if (feeds_after_cr) continue;
    if (c == '\n' || c == '\r') {
      ASSAY_CHECK(line(line_, out));
      line_.clear();
      continue;
    }
    if (line_.size() == kMaxEventBytes) return too_large();
    line_ += c;
  }
  return out;
}

Status SseParser::line(std::string_view text, std::vector<SseEvent>& out) {
  if (text.empty()) {
    if (has_data_) out.push_back({name_.empty() ? "message" : name_, data_});
    name_.clear();
    data_.clear();
    has_data_ = false;
    return Status();
  }
  size_t colon = text.find(':');
  std::string_view field = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") name_ = value;
  if (field != "data") return Status();
  if (data_.size() + value.size() + 1 > kMaxEventBytes) return too_large();
  if (has_data_) data_ += '\n';
  data_ += value;
  has_data_ = true;
  return Status();
}

}  // namespace assay::cli
