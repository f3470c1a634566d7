// The report as JSON and back. Reading takes hostile bytes: types and ranges are checked, nothing throws.
#include <array>
#include <chrono>
#include <type_traits>

#include "common/text.h"
#include "scheduler/score/json_walk.h"
#include "scheduler/score/report_walk.h"

namespace assay::json_walk {

template <>
struct Names<Verdict> {
  static constexpr std::array kAll = {Verdict::clean, Verdict::suspicious, Verdict::malicious,
                                      Verdict::inconclusive};
};
template <>
struct Names<NetworkMode> {
  static constexpr std::array kAll = {NetworkMode::none, NetworkMode::sinkhole, NetworkMode::egress};
};
template <>
struct Names<EndReason> {
  static constexpr std::array kAll = {EndReason::exited,       EndReason::deadline,  EndReason::limit,
                                      EndReason::start_failed, EndReason::cancelled, EndReason::guard};
};
template <>
struct Names<Persona> {
  static constexpr std::array kAll = {Persona::bare, Persona::kubernetes, Persona::ci, Persona::cloud};
};
template <>
struct Names<DownloadStatus> {
  static constexpr std::array kAll = {DownloadStatus::answered, DownloadStatus::stored, DownloadStatus::run};
};
template <>
struct Names<Source> {
  static constexpr std::array kAll = {Source::seccheck, Source::witness, Source::flows, Source::usage,
                                      Source::sinkhole, Source::harvest, Source::agent, Source::guard,
                                      Source::strace,   Source::egress};
};

}  // namespace assay::json_walk

namespace assay {
namespace {

using json_walk::Json;
constexpr const char* kSchema = "assay.report/1";
constexpr size_t kMaxReportBytes = 64 << 20;

}  // namespace

std::optional<Verdict> parse_verdict(std::string_view text) {
  for (Verdict one : json_walk::Names<Verdict>::kAll)
    if (text == to_string(one)) return one;
  return std::nullopt;
}

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::clean:
      return "clean";
    case Verdict::suspicious:
      return "suspicious";
    case Verdict::malicious:
      return "malicious";
    case Verdict::inconclusive:
      return "inconclusive";
  }
  return "unknown";
}

const char* to_string(DownloadStatus status) {
  switch (status) {
    case DownloadStatus::answered:
      return "answered";
    case DownloadStatus::stored:
      return "stored";
    case DownloadStatus::run:
      return "run";
  }
  return "unknown";
}

std::string report_json(const Report& report) {
  json_walk::Writer writer;
  writer.out["schema"] = kSchema;
  Report copy = report;  // walk() serves the reader too and takes its argument as changeable
  walk(writer, copy);
  return writer.out.dump(2) + "\n";
}

Result<Report> parse_report(std::string_view text) {
  auto broken = [](const std::string& what) { return Error{Errc::corrupt, "report: " + what}; };
  if (text.size() > kMaxReportBytes)
    return broken("larger than " + std::to_string(kMaxReportBytes) + " bytes");
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return broken("not a JSON object");
  auto schema = json.find("schema");
  if (schema == json.end() || !schema->is_string()) return broken("no schema");
  if (schema->get_ref<const std::string&>() != kSchema)
    return broken("schema '" + printable(schema->get_ref<const std::string&>(), 50) + "' is not " + kSchema);
  Report report;
  std::string wrong;
  json_walk::Reader reader{json, "", wrong};
  walk(reader, report);
  if (!wrong.empty()) return broken(printable(wrong, 200));
  return report;
}

namespace {

// walk() with an archive that changes strings in place.
struct Cleaner {
  template <class T>
  void operator()(const char*, T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      value = printable(value);
    } else if constexpr (!std::is_arithmetic_v<T> && !std::is_enum_v<T> &&
                         !std::is_same_v<T, std::chrono::milliseconds>) {
      clean(value);
    }
  }
  template <class T>
  void added(const char* name, T& value) {
    (*this)(name, value);
  }
  template <class T>
  void clean(T& value) {
    walk(*this, value);
  }
  template <class T>
  void clean(std::vector<T>& list) {
    for (auto& item : list) (*this)("", item);
  }
};

}  // namespace

void make_printable(Report& report) {
  Cleaner cleaner;
  ScanPart scan{report};
  ImagePart image{report.header.image};
  RunPart run{report.footer};
  cleaner.clean(scan);
  cleaner.clean(image);
  cleaner.clean(run);
  cleaner.clean(report.processes);
  cleaner.clean(report.files);
  cleaner.clean(report.artifacts);
  cleaner.clean(report.downloads);
  cleaner.clean(report.tokens);
  cleaner.clean(report.plan);
  cleaner.clean(report.ports);
  cleaner.clean(report.footer.sources);
  cleaner.clean(report.footer.limits);
  cleaner.clean(report.completeness.sources);
  report.header.job.auth_file.clear();  // a path on the agent's host: nobody's business
  // Findings, network and output were made printable where they were made.
}

}  // namespace assay
