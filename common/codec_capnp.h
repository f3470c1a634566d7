// codec_capnp: what every file that reads or writes Cap'n Proto shares: guarded reading of hostile messages,
// bounded strings and lists, and the structs that several messages hold. Internal to the codec files; nothing
// else includes Cap'n Proto.
#pragma once

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/submission.h"
#include "common/trace.h"
#include "schema/job.capnp.h"
#include "schema/trace.capnp.h"

namespace assay::capnp_codec {

/// Strings and lists of messages that are not chunks. Writers cut, readers refuse.
inline constexpr size_t kMaxIdBytes = 64;             // scan ids, agent ids, phases, codes
inline constexpr size_t kMaxRefBytes = 1024;          // image references
inline constexpr size_t kMaxErrorBytes = 4096;        // one line for a person; paths
inline constexpr size_t kMaxStringBytes = 16 * 1024;  // an argument, an environment variable, a history line
inline constexpr size_t kMaxListItems = 1024;
inline constexpr size_t kMaxLayers = 512;
inline constexpr size_t kMaxTokens = 256;
inline constexpr size_t kMaxFooterItems = 64;  // sources, phases, limits
inline constexpr size_t kMaxArtifacts = 4096;
/// All strings of an image together, so that header and footer fit into one frame beside each other.
inline constexpr size_t kMaxImageBytes = 512 * 1024;
inline constexpr size_t kMaxHeaderRawBytes = 2 << 20;
inline constexpr size_t kMaxFooterRawBytes = 1 << 20;
inline constexpr size_t kMaxJobRawBytes = 64 * 1024;

inline std::string_view view(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}
inline std::string_view view(capnp::Text::Reader text) { return {text.begin(), text.size()}; }
inline capnp::Data::Reader blob(std::string_view bytes) {
  return {reinterpret_cast<const capnp::byte*>(bytes.data()), bytes.size()};
}

/// What a Cap'n Proto Text is set from, cut at `max` bytes.
class Cut {
 public:
  Cut(const std::string& text, size_t max) : text_(text.substr(0, max)) {}
  operator capnp::Text::Reader() const { return {text_.c_str(), text_.size()}; }

 private:
  std::string text_;
};

/// Remembers the first rule that a message broke; read with it, then ask.
class Rules {
 public:
  std::string text(capnp::Text::Reader text, size_t max, const char* field) {
    if (text.size() > max)
      return broke(std::string(field) + " has more than " + std::to_string(max) + " bytes"), std::string();
    return std::string(view(text));
  }
  std::vector<std::string> texts(capnp::List<capnp::Text>::Reader list, const char* field);
  template <class Enum>
  Enum number(uint64_t value, Enum last, const char* field) {
    if (value > static_cast<uint64_t>(last))
      return broke(std::string(field) + " has an unknown value"), Enum{};
    return static_cast<Enum>(value);
  }
  void check(bool ok, const char* rule) {
    if (!ok) broke(rule);
  }
  void unsupported(const std::string& rule) {
    broke(rule);
    code_ = Errc::unsupported;
  }
  bool ok() const { return broken_.empty(); }
  Error error() const { return {code_, broken_}; }

 private:
  void broke(const std::string& rule) {
    if (broken_.empty()) broken_ = rule;
  }
  Errc code_ = Errc::corrupt;
  std::string broken_;
};

/// Reads the message in `raw` with `read(Root::Reader, Rules&)`. Every way of being malformed becomes
/// Errc::corrupt, beginning with `name`.
template <class Root, class Read>
auto read_message(std::string_view raw, const char* name, Read&& read)
    -> Result<decltype(read(typename Root::Reader(), std::declval<Rules&>()))> {
  if (raw.empty() || raw.size() % sizeof(capnp::word) != 0)
    return Error{Errc::corrupt, std::string(name) + ": not whole words"};
  kj::Array<capnp::word> copy;
  const char* bytes = raw.data();
  if (reinterpret_cast<uintptr_t>(bytes) % alignof(capnp::word) != 0) {
    copy = kj::heapArray<capnp::word>(raw.size() / sizeof(capnp::word));
    std::memcpy(copy.begin(), bytes, raw.size());
    bytes = reinterpret_cast<const char*>(copy.begin());
  }
  capnp::ReaderOptions options;
  options.traversalLimitInWords = raw.size() / sizeof(capnp::word) + 64;  // no byte is worth reading twice
  options.nestingLimit = 12;
  try {
    capnp::FlatArrayMessageReader message(
        kj::arrayPtr(reinterpret_cast<const capnp::word*>(bytes), raw.size() / sizeof(capnp::word)), options);
    Rules rules;
    auto value = read(message.getRoot<Root>(), rules);
    if (!rules.ok()) return rules.error().context(name);
    return value;
  } catch (const kj::Exception& e) {
    std::string why(e.getDescription().cStr());
    return Error{Errc::corrupt, std::string(name) + ": " + why.substr(0, why.find('\n'))};
  }
}

/// The message as bytes.
std::string flatten(capnp::MessageBuilder& message);

void write_job(schema::Job::Builder out, const Job& job);
Job read_job(schema::Job::Reader in, Rules& rules);
/// How many of them are written: for the list that write_labels() fills.
unsigned kept_labels(const Labels& labels);
void write_labels(capnp::List<schema::Label>::Builder out, const Labels& labels);
Labels read_labels(capnp::List<schema::Label>::Reader in, Rules& rules);
void write_submission(schema::Submission::Builder out, const Submission& submission);
Submission read_submission(schema::Submission::Reader in, Rules& rules);
void write_header(schema::Header::Builder out, const TraceHeader& header);
TraceHeader read_header(schema::Header::Reader in, Rules& rules);
void write_footer(schema::Footer::Builder out, const TraceFooter& footer);
TraceFooter read_footer(schema::Footer::Reader in, Rules& rules);

}  // namespace assay::capnp_codec
