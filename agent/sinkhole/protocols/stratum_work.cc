// Headers of blocks that nobody mines.
#include "agent/sinkhole/protocols/stratum_work.h"

#include <algorithm>
#include <cmath>

#include "agent/sinkhole/protocols/frames.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

constexpr int64_t kBlockSeconds = 120;  // Monero's, and how often the height grows
constexpr int64_t kMoneroHeight = 3'000'000, kMoneroSince = 1'699'000'000;  // about then

std::string hex(const lure::Seed& seed, const std::string& purpose, size_t bytes) {
  return to_hex(lure::derive(seed, "stratum " + purpose, bytes));
}
std::string quoted(const std::string& text) { return '"' + text + '"'; }

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  return out + static_cast<char>(value);
}

}  // namespace

std::string Work::id() const { return hex(seed, "job " + std::to_string(number), 8); }

std::string Work::monero(const std::string& algo) const {
  int64_t height = kMoneroHeight + std::max<int64_t>(0, unix_seconds - kMoneroSince) / kBlockSeconds;
  // Versions, time, previous block, nonce, Merkle root, count of transactions: 76 bytes with a time of five.
  std::string blob =
      "\x10\x10" +
      varint(static_cast<uint64_t>(std::clamp<int64_t>(unix_seconds, 1LL << 28, (1LL << 35) - 1)));
  blob += lure::derive(seed, "stratum block " + std::to_string(height), 32) + std::string(4, '\0');
  blob += lure::derive(seed, "stratum root " + std::to_string(number), 32) + '\x14';
  auto target = static_cast<uint32_t>(std::min(4294967295.0, 4294967295.0 / std::max(1.0, difficulty)));
  return R"({"blob":")" + to_hex(blob) + R"(","job_id":")" + id() + R"(","target":")" +
         to_hex(le(std::max(1u, target), 4)) + R"(","algo":")" + algo + R"(","height":)" +
         std::to_string(height) + R"(,"seed_hash":")" + hex(seed, "seed", 32) + "\"}";
}

std::string Work::bitcoin() const {
  // A coinbase that pays to a public key's hash, around the two extranonces.
  std::string first =
      "02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff2503" +
      hex(seed, "height", 3) + "04" + to_hex(be32(static_cast<uint32_t>(unix_seconds))) + "08";
  std::string second =
      "0a2f506f6f6c2f0000000000ffffffff01be40254a000000001976a914" + hex(seed, "payee", 20) + "88ac00000000";
  std::string out = "[" + quoted(id()) + "," + quoted(hex(seed, "previous " + std::to_string(number), 32));
  out += "," + quoted(first) + "," + quoted(second) + ",[";
  for (int i = 0; i < 3; ++i)
    out +=
        (i ? "," : "") + quoted(hex(seed, "branch " + std::to_string(number) + " " + std::to_string(i), 32));
  return out + R"(],"20000000","1703a30c",)" + quoted(to_hex(be32(static_cast<uint32_t>(unix_seconds)))) +
         ",true]";
}

std::string Work::ethereum() const {
  // 2^256 / difficulty, its first eight bytes.
  auto top = static_cast<uint64_t>(
      std::min(18446744073709549568.0, std::ldexp(1.0, 64) / std::max(1.0, difficulty)));
  std::string boundary = be32(static_cast<uint32_t>(top >> 32)) + be32(static_cast<uint32_t>(top));
  return R"(["0x)" + hex(seed, "header " + std::to_string(number), 32) + R"(","0x)" + hex(seed, "epoch", 32) +
         R"(","0x)" + to_hex(boundary) + std::string(48, 'f') + R"(","0x)" + "12f1a80" + "\"]";
}

std::string Work::ethereum_stratum() const {
  return "[" + quoted(id()) + "," + quoted(hex(seed, "epoch", 32)) + "," +
         quoted(hex(seed, "header " + std::to_string(number), 32)) + ",true]";
}

}  // namespace assay::sinkhole
