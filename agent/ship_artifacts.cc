// An archive as further chunks. All of its pieces are on disk before the loop hears of one, so that they can
// still be taken back as if they had never been.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/ship.h"

namespace assay {
namespace {

constexpr std::chrono::milliseconds kRoomPatience{10'000};

Error no_room(const std::string& why) { return {Errc::no_space, "no room for artifacts: " + why}; }

Status read_exactly(int fd, std::string& to, uint64_t at) {
  for (size_t have = 0; have < to.size();) {
    ssize_t n = ::pread(fd, to.data() + have, to.size() - have, static_cast<off_t>(at + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read the archive of artifacts");
    if (n == 0) return Error{Errc::corrupt, "the archive of artifacts is shorter than it was"};
    have += static_cast<size_t>(n);
  }
  return Status();
}

}  // namespace

Status Ship::artifacts(int fd, uint64_t bytes) {
  ASSAY_CHECK(flush());
  uint64_t pieces = (bytes + kArtifactPieceBytes - 1) / kArtifactPieceBytes;
  if (next_index_ + pieces > kMaxChunks) return no_room("the trace has too many chunks");
  ASSAY_CHECK(ask_room(bytes));
  auto spooled = spool_pieces(fd, bytes, static_cast<uint32_t>(pieces));
  if (!spooled) {
    spool_.take_back(next_index_, next_index_ + static_cast<uint32_t>(pieces));
    return spooled.error();
  }
  artifact_chunks_ = static_cast<uint32_t>(pieces);
  bytes_ += *spooled;
  return tell(link_, {.kind = LinkNote::Kind::chunk, .bytes = *spooled, .chunks = artifact_chunks_});
}

Status Ship::ask_room(uint64_t bytes) {
  if (!spool_.has_room(bytes)) return no_room("the disk of " + spool_.dir().string() + " is nearly full");
  room_.reset();
  ASSAY_CHECK(tell(link_, {.kind = LinkNote::Kind::ask_room, .bytes = bytes}));
  ASSAY_CHECK(wait_until([&] { return room_.has_value(); }, kRoomPatience));
  return room_.value_or(false) ? Status() : no_room("traces fill half of the spool's quota");
}

// Returns the bytes on disk.
Result<uint64_t> Ship::spool_pieces(int fd, uint64_t bytes, uint32_t pieces) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < pieces; ++i) {
    uint64_t at = uint64_t{i} * kArtifactPieceBytes;
    std::string piece(std::min<uint64_t>(kArtifactPieceBytes, bytes - at), '\0');
    ASSAY_CHECK(read_exactly(fd, piece, at));
    std::string chunk = encode_artifact_piece(piece);
    ASSAY_CHECK(spool_.chunk(next_index_ + i, chunk));
    total += chunk.size();
    ASSAY_CHECK(poll());
  }
  return total;
}

}  // namespace assay
