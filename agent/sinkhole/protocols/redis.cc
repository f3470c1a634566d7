// The commands that exploits and clients use; the rest is an unknown command.
#include "agent/sinkhole/protocols/redis.h"

#include <algorithm>
#include <charconv>

#include "agent/sinkhole/protocols/lines.h"

namespace assay::sinkhole {
namespace {

constexpr uint16_t kRedisPort = 6379;
constexpr uint64_t kMaxWordsSent = 1 << 20, kMaxBulkBytes = 512u << 20;  // Redis's own limits

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
std::string integer(int64_t value) { return ":" + std::to_string(value) + "\r\n"; }

std::string info() {
  return bulk(
      "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nos:Linux 6.1.0-28-amd64 "
      "x86_64\r\ngcc_version:12.2.0\r\n"
      "process_id:412\r\ntcp_port:6379\r\nuptime_in_seconds:1205311\r\nconfig_file:/etc/redis/"
      "redis.conf\r\n\r\n"
      "# Clients\r\nconnected_clients:1\r\n\r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\n\r\n# "
      "Keyspace\r\n");
}

std::string config(const std::vector<std::string>& words) {
  if (words.size() < 3 || upper(words[1]) != "GET") return "+OK\r\n";
  const std::string& name = words[2];
  std::string value = name == "dir" ? "/var/lib/redis" : name == "dbfilename" ? "dump.rdb" : "";
  if (value.empty() && name != "requirepass" && name != "save") return "*0\r\n";
  return "*2\r\n" + bulk(name) + bulk(value);
}

bool one_of(std::string_view verb, std::initializer_list<std::string_view> verbs) {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

std::string reply_to(const std::vector<std::string>& words) {
  std::string verb = upper(words[0]);
  if (verb == "PING") return words.size() > 1 ? bulk(words[1]) : "+PONG\r\n";
  if (verb == "ECHO" && words.size() > 1) return bulk(words[1]);
  if (verb == "INFO") return info();
  if (verb == "CONFIG") return config(words);
  if (verb == "CLIENT" && words.size() > 1 && upper(words[1]) == "ID") return integer(7);
  if (verb == "ROLE") return "*3\r\n" + bulk("master") + integer(0) + "*0\r\n";
  if (verb == "BGSAVE") return "+Background saving started\r\n";
  if (verb == "SCAN") return "*2\r\n" + bulk("0") + "*0\r\n";
  if (verb == "TYPE") return "+none\r\n";
  if (verb == "HELLO") return "-NOPROTO unsupported protocol version\r\n";
  if (one_of(verb, {"GET", "EVAL", "EVALSHA", "GETSET", "HGET", "LPOP", "RPOP", "SPOP", "RANDOMKEY"}))
    return "$-1\r\n";
  if (one_of(verb, {"COMMAND", "KEYS", "LRANGE", "SMEMBERS", "HGETALL", "EXEC"})) return "*0\r\n";
  if (one_of(verb, {"DEL", "EXISTS", "DBSIZE", "TTL", "PUBLISH", "LLEN", "SCARD", "HLEN", "UNLINK"}))
    return integer(0);
  if (one_of(verb, {"INCR", "LPUSH", "RPUSH", "SADD", "HSET", "SETNX", "EXPIRE", "ZADD", "APPEND"}))
    return integer(1);
  if (one_of(verb, {"AUTH",      "SET",    "SELECT", "SAVE",     "FLUSHALL", "FLUSHDB", "SLAVEOF",
                    "REPLICAOF", "MODULE", "QUIT",   "SETEX",    "MSET",     "HMSET",   "CLIENT",
                    "REPLCONF",  "MULTI",  "SCRIPT", "SHUTDOWN", "READONLY", "DEBUG"}))
    return "+OK\r\n";
  if (one_of(verb, {"SUBSCRIBE", "PSUBSCRIBE"}) && words.size() > 1)
    return "*3\r\n" + bulk(verb == "SUBSCRIBE" ? "subscribe" : "psubscribe") + bulk(words[1]) + integer(1);
  std::string name;  // a line of ours: no control characters of theirs
  for (char c : words[0].substr(0, 64)) name += c >= ' ' && c <= '~' ? c : '?';
  return "-ERR unknown command '" + name + "'\r\n";
}

class Redis : public Conversation {
 public:
  std::string_view app() const override { return "redis"; }
  std::string hear(std::string_view bytes, Moment& moment) override {
    std::string out;
    while (!closing_) {
      std::vector<std::string> words = commands_.next(bytes);
      if (words.empty()) break;
      std::string verb = upper(words[0]), rest;
      for (size_t i = 1; i < words.size(); ++i) rest += (i > 1 ? " " : "") + words[i];
      if (!one_of(verb, {"PING", "COMMAND"}))
        notes_.add(moment, app(), verb, words.size() > 1 ? words[1] : "", rest);
      out += reply_to(words);
      closing_ = verb == "QUIT" || out.size() > kMaxAnswerBytes;
    }
    if (commands_.broken() && !closing_) {
      out += "-ERR Protocol error\r\n";
      closing_ = true;
    }
    return out;
  }
  bool closing() const override { return closing_; }

 private:
  RedisCommands commands_;
  Notes notes_;
  bool closing_ = false;
};

std::optional<uint64_t> count(std::string_view text, uint64_t limit) {
  uint64_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out > limit) return std::nullopt;
  return out;
}

}  // namespace

// True when line_ holds a whole line, without its end.
bool RedisCommands::take_line(std::string_view& bytes) {
  size_t end = bytes.find('\n');
  line_ += bytes.substr(0, end).substr(0, kMaxKeptBytes - line_.size());
  if (end == std::string_view::npos) {
    bytes = {};
    return false;
  }
  bytes.remove_prefix(end + 1);
  if (line_.ends_with('\r')) line_.pop_back();
  return true;
}

void RedisCommands::keep(std::string_view bytes) {
  if (words_.size() > kMaxWords) return;
  bytes = bytes.substr(0, kMaxKeptBytes - kept_);
  words_.back() += bytes;
  kept_ += bytes.size();
}

std::vector<std::string> RedisCommands::next(std::string_view& bytes) {
  while (!bytes.empty() && !broken_) {
    if (in_bulk_) {
      uint64_t here = std::min<uint64_t>(bytes_left_, bytes.size());
      if (bytes_left_ > 2) keep(bytes.substr(0, std::min<uint64_t>(here, bytes_left_ - 2)));
      bytes.remove_prefix(here);
      bytes_left_ -= here;
      if (bytes_left_ > 0) return {};
      in_bulk_ = false;
    } else {
      if (!take_line(bytes)) return {};
      std::string line = std::exchange(line_, {});
      if (words_left_ == 0 && !line.starts_with('*')) {  // inline
        auto found = words(line, kMaxWords);
        if (found.empty()) continue;
        return {found.begin(), found.end()};
      }
      auto value = count(std::string_view(line).substr(std::min<size_t>(1, line.size())),
                         words_left_ == 0 ? kMaxWordsSent : kMaxBulkBytes);
      if (!value || (words_left_ > 0 && !line.starts_with('$'))) {
        broken_ = true;
        return {};
      }
      if (words_left_ == 0) {
        words_left_ = *value;
        words_.clear();
        kept_ = 0;
        continue;
      }
      in_bulk_ = true;
      bytes_left_ = *value + 2;
      if (words_.size() <= kMaxWords) words_.emplace_back();
      continue;
    }
    if (--words_left_ == 0) {
      if (words_.size() > kMaxWords) words_.pop_back();
      return std::exchange(words_, {});
    }
  }
  return {};
}

Match begins_redis(std::string_view first, const Peer& peer) {
  if (first[0] == '*') {
    size_t end = first.find_first_not_of("0123456789", 1);
    if (end == std::string_view::npos) return first.size() < 8 ? Match::maybe : Match::no;
    return end > 1 && first[end] == '\r' ? Match::yes : Match::no;
  }
  if (peer.dst_port == kRedisPort)
    return begins_with_word(
        first, {"PING", "INFO", "AUTH", "CONFIG", "SELECT", "SET", "GET", "KEYS", "FLUSHALL", "FLUSHDB",
                "SLAVEOF", "REPLICAOF", "EVAL", "MODULE", "COMMAND", "CLIENT", "HELLO", "QUIT", "SAVE"});
  // Elsewhere only what nobody else says first.
  return begins_with_word(first, {"FLUSHALL", "SLAVEOF", "REPLICAOF", "CONFIG"});
}

std::unique_ptr<Conversation> open_redis(Moment&) { return std::make_unique<Redis>(); }

}  // namespace assay::sinkhole
