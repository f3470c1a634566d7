// redis: an open Redis (RESP2, and inline commands): everything is accepted, nothing is kept, every key is
// empty.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_redis(std::string_view first, const Peer& peer);
std::unique_ptr<Conversation> open_redis(Moment& moment);

/// Cuts hostile bytes into commands: arrays of bulk strings, or a line of words.
class RedisCommands {
 public:
  static constexpr size_t kMaxWords = 64, kMaxKeptBytes = 16 * 1024;  // of a command; the rest is skipped
  /// The next whole command of `bytes`, which it takes from; empty: there is none yet.
  std::vector<std::string> next(std::string_view& bytes);
  bool broken() const { return broken_; }

 private:
  bool take_line(std::string_view& bytes);
  void keep(std::string_view bytes);
  std::string line_;
  std::vector<std::string> words_;
  uint64_t words_left_ = 0, bytes_left_ = 0;  // of the array; of the bulk string and its CR LF
  size_t kept_ = 0;
  bool in_bulk_ = false, broken_ = false;
};

}  // namespace assay::sinkhole
