// What came from an image goes through still_printable(): reports that are read back were printable once.
#include "scheduler/score/change_lines.h"

#include <algorithm>

#include "common/text.h"
#include "scheduler/score/layers.h"
#include "scheduler/score/text_layout.h"

namespace assay {
namespace {

constexpr size_t kKind = 12, kMaxShown = 60, kShortId = 19;  // "sha256:" and 12 digits

std::string layer_of(const std::vector<LayerInfo>& layers, const std::string& text) {
  std::string shown = layer_for_people(layers, text);
  if (shown != text || !text.starts_with("sha256:")) return shown;
  size_t end = std::min(text.find(','), text.size());
  return end <= kShortId ? text : "layer " + text.substr(0, kShortId) + "…" + text.substr(end);
}

}  // namespace

std::vector<std::string> change_lines(const std::vector<Change>& changes, const std::string& sign,
                                      const std::vector<LayerInfo>& layers, size_t width) {
  std::vector<std::string> out;
  size_t room = std::max<size_t>(width, 2 * kKind) - kKind - sign.size() - 1;
  std::string indent(kKind + sign.size() + 1, ' ');
  for (size_t i = 0; i < changes.size() && i < kMaxShown; ++i) {
    const Change& change = changes[i];
    std::string what = still_printable(change.what), who;
    if (!change.by.empty()) who = "by " + still_printable(change.by);
    if (!change.layer.empty())
      who += (who.empty() ? "" : "  ") + still_printable(layer_of(layers, change.layer));
    std::string lead = sign + " " + layout::pad(still_printable(change.kind), kKind);
    bool together = who.empty() || layout::columns(what) + 2 + layout::columns(who) <= room;
    out.push_back(lead + layout::fit(together && !who.empty() ? what + "  " + who : what, room));
    if (!together) out.push_back(indent + layout::fit(who, room));
  }
  if (changes.size() > kMaxShown)
    out.push_back(sign + " … and " + layout::count_text(changes.size() - kMaxShown) + " more");
  return out;
}

}  // namespace assay
