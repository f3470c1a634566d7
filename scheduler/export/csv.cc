// Indicators as a table: RFC 4180, UTF-8 without a byte order mark, a header row; a row stands by itself, so
// that tables of many scans can be joined. Spreadsheets take cells that begin with certain characters for
// formulas: those get a quote in front (docs/exports.md).
#include <array>

#include "common/text.h"
#include "scheduler/export/export.h"
#include "scheduler/export/indicators.h"
#include "scheduler/export/json_text.h"

namespace assay {
namespace {

constexpr const char* kHeader =
    "kind,value,port,proto,path,size_bytes,suspicious,techniques,context,image,image_digest,scan_id,scanned";

// =, +, -, @ and what East Asian keyboards have in their place (U+FF1D, U+FF0B, U+FF0D, U+FF20).
bool begins_formula(std::string_view text) {
  for (const char* begin : {"=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20"})
    if (text.starts_with(begin)) return true;
  return false;
}

// Where a spreadsheet splits at semicolons, a cell can begin behind one, too.
std::string as_text(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((i == 0 || text[i - 1] == ';') && begins_formula(text.substr(i))) out += '\'';
    out += text[i];
  }
  return out;
}

std::string cell(const std::string& raw) {
  std::string text = as_text(still_printable(raw));
  if (text.find_first_of("\",;'\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

std::string number(uint64_t value) { return value == 0 ? "" : std::to_string(value); }

std::string ids_of(const std::vector<Technique>& techniques) {
  std::string out;
  for (const Technique& technique : techniques) out += (out.empty() ? "" : " ") + technique.id;
  return out;
}

}  // namespace

std::string csv_indicators(const Report& report) {
  std::string out = std::string(kHeader) + "\r\n";
  const TraceHeader& header = report.header;
  for (const Indicator& one : indicators_of(report)) {
    std::array cells = {std::string(to_string(one.kind)),
                        one.value,
                        number(one.port),
                        one.proto,
                        one.path,
                        number(one.size_bytes),
                        std::string(one.suspicious ? "yes" : "no"),
                        ids_of(one.techniques),
                        one.context,
                        header.job.ref,
                        header.image.digest,
                        header.scan_id,
                        utc_text(header.start_time_ns)};
    for (size_t i = 0; i < cells.size(); ++i) out += (i == 0 ? "" : ",") + cell(cells[i]);
    out += "\r\n";
  }
  return out;
}

}  // namespace assay
