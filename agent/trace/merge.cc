// An ordered buffer with a moving lower end.
#include "agent/trace/merge.h"

#include <algorithm>

namespace assay {

void Merge::add(Event event) {
  if (event.time_ns < released_until_ns_) {
    ++late_;
    event.time_ns = released_until_ns_;
  }
  std::pair key{event.time_ns, arrived_++};
  auto node = pending_.emplace_hint(pending_.end(), key, std::move(event));
  pairing_.add(node->second);
}

std::vector<Event> Merge::release(int64_t until_ns) {
  std::vector<Event> out;
  while (!pending_.empty() && pending_.begin()->first.first <= until_ns) {
    auto node = pending_.extract(pending_.begin());
    pairing_.forget(node.mapped());
    node.mapped().seq = ++seq_;
    released_until_ns_ = node.mapped().time_ns;
    out.push_back(std::move(node.mapped()));
  }
  return out;
}

}  // namespace assay
