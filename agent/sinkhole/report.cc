// Fixed order, little endian, strings behind 16-bit lengths.
#include "agent/sinkhole/report.h"

#include <algorithm>

#include "common/byte_codec.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kMaxWordBytes = 64;
constexpr size_t kMaxPathBytes = 2048;
constexpr size_t kMaxNameBytes = 1100;  // 255 bytes on the wire, every one of them escaped

struct Writer : ByteWriter {
  void address(const Address& value) { out.append(value.bytes.begin(), value.bytes.end()); }
  void text(std::string_view value, size_t limit) { ByteWriter::text<uint16_t>(value.substr(0, limit)); }
};

struct Reader : ByteReader {
  void address(Address& value) {
    for (uint8_t& byte : value.bytes) number(byte);
  }
  void text(std::string& value, size_t limit) { ByteReader::text<uint16_t>(value, limit); }
};

}  // namespace

std::string encode_report(const Report& report) {
  Writer w;
  w.number(static_cast<uint8_t>(report.kind));
  w.number(report.time_ns);
  w.number(report.seen);
  w.number(report.lost);
  w.number(report.dropped);
  w.number(report.pushed_out);
  w.number(report.cut);
  w.number(static_cast<uint8_t>(report.transport));
  w.address(report.src_addr);
  w.address(report.dst_addr);
  w.number(report.src_port);
  w.number(report.dst_port);
  w.text(report.name, kMaxNameBytes);
  w.text(report.app, kMaxWordBytes);
  w.text(report.method, kMaxWordBytes);
  w.text(report.path, kMaxPathBytes);
  w.text(report.detail, kMaxWordBytes);
  w.text(report.sha256, kMaxWordBytes);
  w.text(report.query_type, 16);
  w.number(report.rcode);
  auto answers = std::min(report.answers.size(), kMaxAnswers);
  w.number(static_cast<uint8_t>(answers));
  for (size_t i = 0; i < answers; ++i) w.text(report.answers[i], kMaxNameBytes);
  w.text(report.data, kMaxDataBytes);
  w.number(report.bytes_out);
  w.number(report.bytes_in);
  w.number(report.truncated);
  return w.out;
}

Result<Report> decode_report(std::string_view bytes) {
  Reader r{{bytes}};
  Report report;
  uint8_t kind = 0, transport = 0, answers = 0;
  r.number(kind);
  r.number(report.time_ns);
  r.number(report.seen);
  r.number(report.lost);
  r.number(report.dropped);
  r.number(report.pushed_out);
  r.number(report.cut);
  r.number(transport);
  r.address(report.src_addr);
  r.address(report.dst_addr);
  r.number(report.src_port);
  r.number(report.dst_port);
  r.text(report.name, kMaxNameBytes);
  r.text(report.app, kMaxWordBytes);
  r.text(report.method, kMaxWordBytes);
  r.text(report.path, kMaxPathBytes);
  r.text(report.detail, kMaxWordBytes);
  r.text(report.sha256, kMaxWordBytes);
  r.text(report.query_type, 16);
  r.number(report.rcode);
  r.number(answers);
  if (answers > kMaxAnswers) r.ok = false;
  for (uint8_t i = 0; r.ok && i < answers; ++i) r.text(report.answers.emplace_back(), kMaxNameBytes);
  r.text(report.data, kMaxDataBytes);
  r.number(report.bytes_out);
  r.number(report.bytes_in);
  r.number(report.truncated);
  if (!r.whole() || kind < 1 || kind > 6 || transport > 2)
    return Error{Errc::corrupt, "sinkhole report is malformed"};
  report.kind = static_cast<ReportKind>(kind);
  report.transport = static_cast<Transport>(transport);
  return report;
}

}  // namespace assay::sinkhole
