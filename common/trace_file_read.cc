// The reading half. Everything is hostile: a record is held only within its type's bound, and as its bytes
// come; order, counts and the seal are checked.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/codec.h"
#include "common/codec_counted.h"
#include "common/fd.h"
#include "common/text.h"
#include "common/trace_file.h"
#include "common/trace_file_format.h"

namespace assay {
namespace {

using namespace trace_file;
using Json = nlohmann::json;

constexpr size_t kBufferBytes = 64 * 1024;
constexpr size_t kMaxFormatShown = 64;

// Bytes of the source, hashed as they are taken, up to the seal.
class Input {
 public:
  explicit Input(const ByteSource& from) : from_(from), buffer_(kBufferBytes, '\0') {}

  /// The next byte, which stays; nothing at the end.
  Result<std::optional<char>> peek() {
    if (at_ == end_) ASSAY_CHECK(fill());
    return at_ == end_ ? std::optional<char>() : std::optional(buffer_[at_]);
  }
  /// Appends `size` bytes to `out`, or drops them where it is null; how many there were.
  Result<size_t> take(size_t size, std::string* out) {
    size_t done = 0;
    while (done < size) {
      if (at_ == end_) ASSAY_CHECK(fill());
      if (at_ == end_) break;
      std::string_view bytes(buffer_.data() + at_, std::min(size - done, end_ - at_));
      if (!digest_) hash_.update(bytes);
      if (out != nullptr) out->append(bytes);
      at_ += bytes.size();
      done += bytes.size();
    }
    taken_ += done;
    return done;
  }
  /// Of all that was taken before this was called first.
  const Digest& seal() {
    if (!digest_) digest_ = hash_.finish();
    return *digest_;
  }
  uint64_t taken() const { return taken_; }

 private:
  Status fill() {
    ASSAY_TRY(end_, from_(buffer_.data(), buffer_.size()));
    at_ = 0;
    return Status();
  }
  const ByteSource& from_;
  std::string buffer_;
  size_t at_ = 0, end_ = 0;
  uint64_t taken_ = 0;
  Sha256 hash_;
  std::optional<Digest> digest_;
};

class Reader {
 public:
  Reader(const ByteSource& from, const std::string& name, const TraceVisit& visit)
      : input_(from), name_(name), visit_(visit) {}

  Result<TraceFile> run() {
    ASSAY_CHECK(read_magic());
    for (;;) {
      ASSAY_TRY(bool more, read_record());
      if (!more) break;
    }
    ASSAY_CHECK(check_end());
    file_.bytes = input_.taken();
    file_.digest = input_.seal();
    return std::move(file_);
  }

 private:
  Error corrupt(const std::string& rule) const { return {Errc::corrupt, name_ + " " + rule}; }
  Error cut_off() const { return corrupt("is cut off after " + std::to_string(input_.taken()) + " bytes"); }

  Status read_magic() {
    std::string magic;
    ASSAY_CHECK(input_.take(kMagic.size(), &magic));
    if (magic == kMagic) return Status();
    if (magic.size() == kMagic.size() && magic.starts_with(kMagic.substr(0, kMagic.size() - 1)))
      return Error{Errc::unsupported, name_ + " is a trace file of container version " +
                                          std::to_string(static_cast<uint8_t>(magic.back())) +
                                          "; this program reads version 1"};
    return corrupt("is no trace file: it does not begin with ASSAYTR");
  }

  // False: there are no more.
  Result<bool> read_record() {
    ASSAY_TRY(std::optional<char> type, input_.peek());
    if (!type) return false;
    if (file_.sealed) return corrupt("goes on after its end");
    if (*type == static_cast<char>(TraceRecord::end)) input_.seal();
    std::string head;
    ASSAY_CHECK(input_.take(kRecordHeadBytes, &head));
    ASSAY_TRY(std::string body, read_body(head));
    ASSAY_CHECK(understand(*type, body));
    return true;
  }

  Result<std::string> read_body(const std::string& head) {
    if (head.size() < kRecordHeadBytes) return cut_off();
    size_t size = 0;
    for (unsigned i = 0; i < 4; ++i) size |= static_cast<size_t>(static_cast<uint8_t>(head[1 + i])) << 8 * i;
    bool known = place_of(head[0]) >= 0;
    if (size > most_bytes(head[0]))
      return corrupt("claims " + std::to_string(size) + " bytes for " +
                     name_of(static_cast<TraceRecord>(head[0])) + ", more than " +
                     std::to_string(most_bytes(head[0])));
    std::string body;
    ASSAY_TRY(size_t got, input_.take(size, known ? &body : nullptr));
    if (got < size) return cut_off();
    return body;
  }

  Status understand(char type, const std::string& body) {
    int place = place_of(type);
    if (place < 0) return Status();  // of a later release
    bool repeats =
        type == static_cast<char>(TraceRecord::chunk) || type == static_cast<char>(TraceRecord::piece);
    if (place < last_ || (place == last_ && !repeats))
      return corrupt(std::string("has ") + name_of(static_cast<TraceRecord>(type)) + " where none belongs");
    if (place > place_of('H') && file_.header_bytes.empty())
      return corrupt("has no header before its events");
    if (place > place_of('F') && file_.footer_bytes.empty())
      return corrupt("has no footer behind its events");
    last_ = place;
    switch (static_cast<TraceRecord>(type)) {
      case TraceRecord::about:
        return read_about(body);
      case TraceRecord::header:
        return read_header(body);
      case TraceRecord::chunk:
        return read_chunk(body);
      case TraceRecord::footer:
        return read_footer(body);
      case TraceRecord::piece:
        return read_piece(body);
      case TraceRecord::report:
        file_.report = body;
        return Status();
      case TraceRecord::end:
        return read_end(body);
    }
    return Status();
  }

  Status read_about(const std::string& body) {
    Json about = Json::parse(body, nullptr, false);
    if (!about.is_object()) return corrupt("does not say what it is: its first record is no JSON object");
    auto text = [&](const char* key) {
      auto found = about.find(key);
      return found != about.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    if (std::string format = text("format"); format != kTraceFormat)
      return Error{Errc::unsupported, name_ + " is of the format '" + printable(format, kMaxFormatShown) +
                                          "'; this program reads " + std::string(kTraceFormat)};
    file_.writer = text("writer");
    if (file_.writer.empty()) return corrupt("does not say what wrote it");
    scan_ = text("scan");
    return Status();
  }

  Status read_header(const std::string& body) {
    auto header = decode_header(body);
    if (!header) return header.error().context(name_);
    if (!file_.writer.empty() && header->scan_id != scan_)
      return corrupt("says that it is of another scan than its header");
    file_.header = std::move(*header);
    file_.header_bytes = body;
    return visit_.header ? visit_.header(file_.header) : Status();
  }

  Status count_part() {
    if (file_.chunks + file_.pieces < kMaxChunks) return Status();
    return corrupt("has more than " + std::to_string(kMaxChunks) + " chunks and pieces");
  }

  Status read_chunk(const std::string& body) {
    ASSAY_CHECK(count_part());
    auto chunk = decode_counted_chunk(body);
    if (!chunk) return chunk.error().context(name_ + ", chunk " + std::to_string(file_.chunks));
    ++file_.chunks;
    file_.events += chunk->all;
    return visit_.chunk ? visit_.chunk(body, chunk->events) : Status();
  }

  Status read_footer(const std::string& body) {
    auto footer = decode_footer(body);
    if (!footer) return footer.error().context(name_);
    file_.footer = std::move(*footer);
    file_.footer_bytes = body;
    return Status();
  }

  Status read_piece(const std::string& body) {
    ASSAY_CHECK(count_part());
    if (auto piece = decode_artifact_piece(body); !piece) return piece.error().context(name_);
    ++file_.pieces;
    return visit_.piece ? visit_.piece(body) : Status();
  }

  Status read_end(const std::string& body) {
    Json end = Json::parse(body, nullptr, false);
    if (!end.is_object()) return corrupt("does not end as one: its last record is no JSON object");
    auto says = [&](const char* key, uint64_t number) {
      auto found = end.find(key);
      return found != end.end() && found->is_number_unsigned() && found->get<uint64_t>() == number;
    };
    if (!says("chunks", file_.chunks) || !says("events", file_.events) || !says("pieces", file_.pieces))
      return corrupt("holds other counts of chunks, events or pieces than its end says");
    if (auto found = end.find("sha256"); found == end.end() || *found != input_.seal().hex())
      return corrupt("does not match its SHA-256: it was changed or damaged");
    file_.sealed = true;
    return Status();
  }

  Status check_end() {
    if (file_.header_bytes.empty() || file_.footer_bytes.empty())
      return corrupt(std::string("has no ") + (file_.header_bytes.empty() ? "header" : "footer") +
                     ": it was not written to its end");
    if (!file_.writer.empty() && !file_.sealed) return cut_off();
    return Status();
  }

  Input input_;
  const std::string name_;
  const TraceVisit& visit_;
  TraceFile file_;
  std::string scan_;  // as the first record has it
  int last_ = -1;     // place of the last record that was known
};

}  // namespace

Result<TraceFile> read_trace(const ByteSource& from, const std::string& name, const TraceVisit& visit) {
  return Reader(from, name, visit).run();
}

Result<TraceFile> read_trace_file(const std::string& path, const TraceVisit& visit) {
  ASSAY_TRY(Fd fd, open_file(path, O_RDONLY));
  auto from = [&](char* to, size_t most) -> Result<size_t> {
    for (;;) {
      ssize_t got = ::read(fd.get(), to, most);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR) return errno_error("read " + path);
    }
  };
  return read_trace(from, path, visit);
}

Result<TraceEnds> read_trace_file(const std::string& path, const std::function<void(const Event&)>& visit) {
  TraceVisit each;
  each.chunk = [&](std::string_view, const std::vector<Event>& events) {
    for (const Event& event : events) visit(event);
    return Status();
  };
  ASSAY_TRY(TraceFile file, read_trace_file(path, each));
  return TraceEnds(std::move(file));
}

}  // namespace assay
