// Two frames: the fixed part as it lies in memory, and the rest.
#include "agent/link.h"

#include <cassert>
#include <cstring>
#include <type_traits>

namespace assay {
namespace {

struct Head {
  LinkNote::Kind kind;
  uint64_t bytes;
  uint32_t chunks;
  ScanStats stats;
};
static_assert(std::is_trivially_copyable_v<Head>);

}  // namespace

Status tell(Socket& link, const LinkNote& note) {
  Head head{note.kind, note.bytes, note.chunks, note.stats};
  return link.send_frames({std::string_view(reinterpret_cast<const char*>(&head), sizeof head), note.frame});
}

Result<std::optional<LinkNote>> hear(Socket& link) {
  ASSAY_TRY(auto frames, link.receive());
  if (!frames) return std::optional<LinkNote>();
  assert(frames->size() == 2 && (*frames)[0].size() == sizeof(Head));
  Head head;
  std::memcpy(&head, (*frames)[0].data(), sizeof head);
  return std::optional(LinkNote{head.kind, head.bytes, head.chunks, head.stats, std::move((*frames)[1])});
}

}  // namespace assay
