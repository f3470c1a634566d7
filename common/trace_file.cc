// The writing half: records of one byte of type, four of length (little endian) and the bytes, behind a magic
// of eight.
#include "common/trace_file.h"

#include <nlohmann/json.hpp>

#include "common/codec.h"
#include "common/trace_file_format.h"
#include "common/version.h"

namespace assay {

using namespace trace_file;

Status TraceFileWriter::put(std::string_view bytes) {
  hash_.update(bytes);
  return to_(bytes);
}

Status TraceFileWriter::put_record(TraceRecord type, std::string_view bytes) {
  if (bytes.size() > most_bytes(static_cast<char>(type)))
    return Error{Errc::limit, std::string(name_of(type)) + " of " + std::to_string(bytes.size()) +
                                  " bytes, more than a trace file may hold"};
  std::string head(1, static_cast<char>(type));
  for (unsigned shift = 0; shift < 32; shift += 8) head += static_cast<char>(bytes.size() >> shift & 0xff);
  ASSAY_CHECK(put(head));
  return put(bytes);
}

Status TraceFileWriter::begin(const std::string& scan_id, std::string_view header) {
  nlohmann::ordered_json about = {
      {"format", kTraceFormat}, {"writer", std::string("assay ") + kVersion}, {"scan", scan_id}};
  ASSAY_CHECK(put(kMagic));
  ASSAY_CHECK(put_record(TraceRecord::about, about.dump()));
  return put_record(TraceRecord::header, header);
}

Status TraceFileWriter::add(TraceRecord type, std::string_view bytes) {
  if (type == TraceRecord::chunk) ++chunks_;
  if (type == TraceRecord::piece) ++pieces_;
  return put_record(type, bytes);
}

Status TraceFileWriter::finish(uint64_t events) {
  nlohmann::ordered_json end = {
      {"chunks", chunks_}, {"events", events}, {"pieces", pieces_}, {"sha256", hash_.finish().hex()}};
  hash_ = Sha256();
  return put_record(TraceRecord::end, end.dump());
}

}  // namespace assay
