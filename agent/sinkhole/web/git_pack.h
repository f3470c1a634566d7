// git_pack: the parts of git's protocol that a server needs: pkt-lines, and packs, read and written. Pure,
// over hostile bytes. Source: git's gitprotocol-pack, gitformat-pack.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::sinkhole {

/// "001e" + 26 bytes. The flush packet is "0000".
std::string pkt_line(std::string_view payload);
inline constexpr std::string_view kFlush = "0000";

struct PktLine {
  bool special = false;      // flush, delimiter or response end: no payload
  std::string_view payload;  // of the input
};
/// Takes one packet off the front; nothing if there is no whole one, or what stands there is none.
std::optional<PktLine> take_pkt_line(std::string_view& bytes);

struct PackCounts {
  uint32_t announced = 0, objects = 0;
  uint64_t bytes = 0;  // inflated
  bool whole = false;  // false: damaged, cut, or beyond a bound
};
inline constexpr uint64_t kMaxPackBytes = 64 << 20;  // inflated
inline constexpr uint32_t kMaxPackObjects = 100'000;

/// Inflates every object of a pack, deltas as they are: `piece` gets an object's bytes, first those of the
/// number `object`, in pieces of 64 KiB at most.
PackCounts read_pack(std::string_view pack,
                     const std::function<void(uint32_t object, std::string_view piece)>& piece);

/// A repository of one commit.
struct GitObject {
  enum class Type { commit = 1, tree = 2, blob = 3 };
  Type type = Type::blob;
  std::string content;
  std::string id() const;      // 40 hex digits
  std::string raw_id() const;  // 20 bytes
};
std::string write_pack(const std::vector<GitObject>& objects);

}  // namespace assay::sinkhole
