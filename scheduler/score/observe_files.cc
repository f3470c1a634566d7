// Records of files that were left behind, and of what files are by their contents.
#include <sys/stat.h>

#include <algorithm>

#include "common/paths.h"
#include "common/text.h"
#include "scheduler/score/event_facts.h"
#include "scheduler/score/observe.h"
#include "scheduler/score/persistence_area.h"
#include "scheduler/score/process_fields.h"

namespace assay {
namespace {

constexpr size_t kMaxExecuted = 20'000, kMaxMatches = 64, kMaxShown = 200;
constexpr std::string_view kOurs = "assay_";  // what our own namespaces begin with

}  // namespace

// Whether the file starts things by itself; by any of its names.
bool Observer::add_area(Record& record) const {
  std::string_view area;
  bool found = record.any(Field::TargetFilename, [&](const Record::Entry& entry) {
    area = persistence_area(entry.value);
    return !area.empty();
  });
  record.borrow(Field::Area, area);
  return found;
}

// Only matches of files ask for it.
void Observer::note_executed(const Event& event) {
  if (!wants(Category::yara)) return;
  if (event.kind != EventKind::start && event.kind != EventKind::exec) return;
  if (executed_.size() < kMaxExecuted) executed_.emplace(resolve_path(event.cwd, event.path), event.pid);
}

void Observer::on_left_file(const Event& event, const Emit& emit) {
  bool fresh = (event.origin == "dropped" || event.origin == "changed") && event.file_type != "dir";
  const FileWriter* writer = tree_.writer_of_left(event.path);
  for (Category category : {Category::file_left, Category::file_event, Category::persistence_check}) {
    if (!wants(category) || (category != Category::file_left && !fresh)) continue;
    Record record(category);
    record.borrow(Field::TargetFilename, event.path);
    record.borrow(Field::TargetName, base_name(event.path));
    if (category == Category::persistence_check && !add_area(record)) continue;
    record.borrow(Field::Origin, event.origin);
    record.borrow(Field::FileType, event.file_type);
    record.own(Field::Mode, octal_mode(event.mode));
    record.own(Field::Setuid, event.file_type != "dir" && (event.mode & S_ISUID) != 0);
    record.own(Field::Size, event.size_bytes);
    if (writer != nullptr) record.borrow(Field::FileWriter, writer->image);
    if (writer != nullptr) record.borrow(Field::Image, writer->image);
    if (writer != nullptr && writer->by_package_manager) record.own(Field::ByPackageManager, true);
    record.borrow(Field::Package, event.package);
    if (!event.sha256.empty()) record.own(Field::Hashes, "SHA256=" + event.sha256);
    emit(record);
  }
}

// Two records of a file at most, so that a rule can tell whose rules matched: ours, and those of the user.
void Observer::on_matches(const Event& event, const Emit& emit) const {
  if (event.matches.empty() || !wants(Category::yara)) return;
  auto run = executed_.find(event.path);
  bool executed = event.call == "executed" || run != executed_.end();
  int32_t pid = event.call == "executed" ? event.pid : run != executed_.end() ? run->second : 0;
  size_t process = tree_.find(pid);
  // The pid may be another's by now, or the process another program.
  if (process != ProcessTree::kNone && tree_.at(process).shown.path != event.path)
    process = ProcessTree::kNone;
  for (bool ours : {true, false}) {
    Record record(Category::yara);
    for (size_t i = 0; i < event.matches.size() && i < kMaxMatches; ++i) {
      std::string_view match = event.matches[i];
      size_t colon = match.find(':');
      if (match.starts_with(kOurs) != ours || colon == std::string_view::npos) continue;
      if (record.get(Field::Namespace) != match.substr(0, colon))
        record.borrow(Field::Namespace, match.substr(0, colon));
      record.borrow(Field::Rule, match.substr(colon + 1));
      record.evidence += (record.evidence.empty() ? "" : ", ") + printable(match, kMaxShown);
    }
    if (!record.has(Field::Rule)) continue;
    record.evidence = printable(event.path, kMaxShown) + " matches " + record.evidence;
    record.borrow(Field::TargetFilename, event.path);
    record.borrow(Field::TargetName, base_name(event.path));
    record.borrow(Field::Origin, event.origin);
    record.borrow(Field::FileType, event.file_type);
    record.borrow(Field::Mime, event.mime);
    record.borrow(Field::Similarity, event.similarity);
    record.own(Field::Size, event.size_bytes);
    record.own(Field::Executed, executed);
    if (!event.sha256.empty()) record.own(Field::Hashes, "SHA256=" + event.sha256);
    if (const FileWriter* writer = tree_.writer_of_left(event.path))
      record.borrow(Field::FileWriter, writer->image);
    add_process_fields(record, tree_, process);
    emit(record);
  }
}

}  // namespace assay
