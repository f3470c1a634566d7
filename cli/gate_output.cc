// Files of decisions.
#include "cli/gate_output.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <set>

#include "cli/new_file.h"
#include "common/fd.h"
#include "common/text.h"

namespace assay::cli {
namespace {

constexpr unsigned kFileMode = 0644;  // a pipeline's next step may be another user
constexpr std::string_view kCut = "\n\n*The rest is left out: a summary takes no more than 1 MiB.*\n";

bool is_plain_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
}

Status write_one(const std::string& path, std::string_view text) {
  if (!is_plain_file(path)) return write_file(path, text);
  ASSAY_TRY(NewFile file, NewFile::create(path, true, "the decision"));
  ASSAY_CHECK(file.add(text));
  if (::chmod(file.part().c_str(), kFileMode) != 0) return errno_error("chmod " + file.part());
  return file.finish();
}

// Whole lines of it, at most `room` bytes.
std::string fitting(std::string text, size_t room) {
  if (text.size() <= room) return text;
  if (room < kCut.size()) return "";
  size_t end = text.rfind('\n', room - kCut.size());
  return text.substr(0, end == std::string::npos ? 0 : end) + std::string(kCut);
}

}  // namespace

Result<GateFile> parse_gate_file(const std::string& text) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals + 1 == text.size())
    return Error{Errc::invalid,
                 "--output '" + printable(text, 200) + "' is not FORM=FILE, as in junit=assay.xml"};
  ASSAY_TRY(const decisions::DecisionForm* form, decisions::find_decision_form(text.substr(0, equals)));
  return GateFile{form, text.substr(equals + 1)};
}

Status check_gate_files(std::span<const GateFile> files) {
  std::set<std::string> seen;
  for (const GateFile& file : files) {
    if (!seen.insert(file.path).second)
      return Error{Errc::invalid, "--output names " + printable(file.path, 200) + " twice"};
    if (Status writable = check_writable(file.path); !writable)
      return Error{Errc::invalid, writable.error().what}.context("--output");
  }
  return Status();
}

Status write_gate_files(std::span<const GateFile> files, std::span<const decisions::Decision> decisions) {
  for (const GateFile& file : files) ASSAY_CHECK(write_one(file.path, file.form->write(decisions)));
  return Status();
}

Status append_summary(const std::string& path, std::span<const decisions::Decision> decisions) {
  ASSAY_TRY(const decisions::DecisionForm* form, decisions::find_decision_form("markdown"));
  ASSAY_TRY(Fd fd, open_file(path, O_WRONLY | O_CREAT | O_APPEND));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return errno_error("stat " + path);
  auto held = static_cast<size_t>(status.st_size);
  std::string before = held > 0 ? "\n" : "";
  size_t room = held + before.size() < kMaxSummaryBytes ? kMaxSummaryBytes - held - before.size() : 0;
  return write_all(fd.get(), before + fitting(form->write(decisions), room), path);
}

}  // namespace assay::cli
