// Records of one byte of type, four of length (little endian) and the bytes, after a magic of eight.
#include "common/trace_file.h"

#include <fcntl.h>

#include "common/codec.h"
#include "common/fd.h"

namespace assay {
namespace {

constexpr std::string_view kMagic("ASSAYTR\x01", 8);
constexpr size_t kMaxFileBytes = 2ull << 30;

enum class Record : char { header = 'H', chunk = 'C', footer = 'F' };

Status write_record(int fd, const std::string& path, Record type, std::string_view bytes) {
  std::string out(1, static_cast<char>(type));
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(bytes.size() >> shift & 0xff);
  ASSAY_CHECK(write_all(fd, out, path));
  return write_all(fd, bytes, path);
}

}  // namespace

struct TraceFileWriter::State {
  Fd fd;
  std::string path;
  ChunkWriter chunks;
};

TraceFileWriter::TraceFileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
TraceFileWriter::TraceFileWriter(TraceFileWriter&&) noexcept = default;
TraceFileWriter::~TraceFileWriter() = default;

Result<TraceFileWriter> TraceFileWriter::create(const std::string& path, const TraceHeader& header) {
  auto state = std::make_unique<State>();
  state->path = path;
  ASSAY_TRY(state->fd, open_file(path, O_WRONLY | O_CREAT | O_TRUNC));
  ASSAY_CHECK(write_all(state->fd.get(), kMagic, path));
  ASSAY_CHECK(write_record(state->fd.get(), path, Record::header, encode_header(header)));
  return TraceFileWriter(std::move(state));
}

Status TraceFileWriter::add(const Event& event) {
  state_->chunks.add(event);
  if (!state_->chunks.full()) return Status();
  return write_record(state_->fd.get(), state_->path, Record::chunk, state_->chunks.take());
}

Status TraceFileWriter::finish(const TraceFooter& footer) {
  if (!state_->chunks.empty())
    ASSAY_CHECK(write_record(state_->fd.get(), state_->path, Record::chunk, state_->chunks.take()));
  return write_record(state_->fd.get(), state_->path, Record::footer, encode_footer(footer));
}

Result<TraceEnds> read_trace_file(const std::string& path, const std::function<void(const Event&)>& visit) {
  ASSAY_TRY(std::string bytes, read_file(path, kMaxFileBytes));
  std::string_view rest = bytes;
  if (!rest.starts_with(kMagic))
    return Error{Errc::corrupt, path + " is no trace file: it does not begin with ASSAYTR"};
  rest.remove_prefix(kMagic.size());
  TraceEnds ends;
  bool footer_seen = false;
  while (!rest.empty()) {
    size_t length = 0;
    for (size_t i = 1; i < 5 && i < rest.size(); ++i)
      length |= static_cast<size_t>(static_cast<uint8_t>(rest[i])) << 8 * (i - 1);
    if (rest.size() < 5 || length > rest.size() - 5) return Error{Errc::corrupt, path + " is cut off"};
    auto type = static_cast<Record>(rest[0]);
    std::string_view body = rest.substr(5, length);
    rest.remove_prefix(5 + length);
    if (type == Record::header) {
      ASSAY_TRY(ends.header, decode_header(body));
    } else if (type == Record::chunk) {
      ASSAY_TRY(std::vector<Event> events, decode_chunk(body));
      for (const Event& event : events) visit(event);
    } else if (type == Record::footer) {
      ASSAY_TRY(ends.footer, decode_footer(body));
      footer_seen = true;
    }  // other types are of a later release: skipped
  }
  if (!footer_seen) return Error{Errc::corrupt, path + " has no footer: it was not written to its end"};
  return ends;
}

}  // namespace assay
