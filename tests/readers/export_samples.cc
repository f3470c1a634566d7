// export-samples DIR: every form of every trace in tests/traces, and of a hostile report, as
// DIR/NAME.EXTENSION, and the report itself as DIR/NAME.json, for readers that are not ours
// (tests/run/exports_test.sh).
#include <filesystem>
#include <fstream>
#include <iostream>

#include "common/trace_file.h"
#include "scheduler/export/export.h"
#include "scheduler/score/rules.h"
#include "scheduler/score/scorer.h"

namespace {

using namespace assay;
namespace fs = std::filesystem;

const fs::path kSource = ASSAY_SOURCE_DIR;

Result<Report> report_of(const fs::path& trace, const RuleSet& rules) {
  // The header stands first, but comes with the footer: one reading for each.
  ASSAY_TRY(TraceEnds ends, read_trace_file(trace.string(), [](const Event&) {}));
  Scorer scorer(rules, ends.header);
  ASSAY_CHECK(read_trace_file(trace.string(), [&](const Event& event) { scorer.add(event); }));
  return scorer.finish(ends.footer);
}

Status write(const fs::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  return out.flush() ? Status() : Error{Errc::io, path.string() + " cannot be written"};
}

Status write_forms(const fs::path& dir, const std::string& name, const Report& report) {
  ASSAY_CHECK(write(dir / (name + ".json"), report_json(report)));
  for (const ExportForm& form : export_forms())
    ASSAY_CHECK(write(dir / (name + "." + std::string(form.extension)), form.write(report)));
  return Status();
}

Status write_all(const fs::path& dir) {
  ASSAY_TRY(RuleSet rules, RuleSet::load(kSource / "rules"));
  for (const auto& entry : fs::directory_iterator(kSource / "tests/traces")) {
    if (entry.path().extension() != ".trace") continue;
    ASSAY_TRY(Report report, report_of(entry.path(), rules));
    ASSAY_CHECK(write_forms(dir, entry.path().stem().string(), report));
  }
  return Status();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: export-samples DIR\n";
    return 2;
  }
  Status written = write_all(argv[1]);
  if (!written) std::cerr << "export-samples: " << written.error().what << "\n";
  return written ? 0 : 1;
}
