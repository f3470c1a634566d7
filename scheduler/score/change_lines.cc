// What came from an image goes through still_printable(): reports that are read back were printable once.
#include "scheduler/score/change_lines.h"

#include <algorithm>

#include "common/text.h"
#include "common/words.h"
#include "scheduler/score/layers.h"
#include "scheduler/score/text_layout.h"

namespace assay {
namespace {

constexpr size_t kKind = 12, kMaxShown = 60, kShortId = 19;  // "sha256:" and 12 digits

std::string layer_of(const std::vector<LayerInfo>& layers, const std::string& text) {
  std::string shown = layer_for_people(layers, text);
  if (shown != text || !text.starts_with("sha256:")) return shown;
  size_t end = std::min(text.find(','), text.size());
  return end <= kShortId ? text : "layer " + text.substr(0, kShortId) + text.substr(end);
}

}  // namespace

std::vector<std::string> change_lines(const std::vector<Change>& changes, const std::string& sign,
                                      const std::vector<LayerInfo>& layers, size_t width) {
  std::vector<std::string> out;
  size_t room = std::max<size_t>(width, 2 * kKind) - kKind - sign.size() - 1;
  std::string indent(kKind + sign.size() + 1, ' ');
  for (size_t i = 0; i < changes.size() && i < kMaxShown; ++i) {
    const Change& change = changes[i];
    std::vector<std::string> parts = {still_printable(change.what)};
    if (!change.by.empty()) parts.push_back("by " + still_printable(change.by));
    if (!change.layer.empty()) parts.push_back(still_printable(layer_of(layers, change.layer)));
    if (std::string whole = joined(parts, "  "); layout::columns(whole) <= room) parts = {std::move(whole)};
    std::string lead = sign + " " + layout::pad(still_printable(change.kind), kKind);
    for (const std::string& part : parts) {
      out.push_back(lead + layout::fit(part, room));
      lead = indent;
    }
  }
  if (changes.size() > kMaxShown)
    out.push_back(sign + " … and " + layout::count_text(changes.size() - kMaxShown) + " more");
  return out;
}

}  // namespace assay
