// Answers, words and digests brought together.
#include "scheduler/score/downloads.h"

#include "common/canary.h"
#include "common/text.h"
#include "scheduler/score/event_facts.h"
#include "scheduler/score/process_fields.h"

namespace assay {
namespace {

constexpr size_t kMaxUrl = 2048, kMaxEqual = 64;

std::string fetched(const Download& download) {
  return "fetched from " + printable(download.url, 160) + " by " + printable(name_of(download.fetched_by));
}

void fill(Record& record, const char* action, const Download& download) {
  record.borrow(Field::Action, action);
  record.borrow(Field::Url, download.url);
  record.borrow(Field::FileType, download.kind);
  record.borrow(Field::FetcherImage, download.fetched_by.image);
  record.borrow(Field::FetcherCommandLine, download.fetched_by.command_line);
}

}  // namespace

bool Downloads::is_canary_word(const Event& event) {
  return event.kind == EventKind::open && event.error != 0 && !opens_for_write(event) &&
         canary_marker(event.path).has_value();
}

void Downloads::observe(const Event& event, const Emit& emit) {
  switch (event.kind) {
    case EventKind::canary:
      return on_answer(event, emit);
    case EventKind::open:
      if (is_canary_word(event)) on_word(event, emit);
      return;
    case EventKind::start:
    case EventKind::exec:
    case EventKind::file:
      if (!event.sha256.empty() && event.call != "executed") on_digest(event, emit);
      return;
    default:
      return;
  }
}

void Downloads::on_answer(const Event& event, const Emit& emit) {
  if (list_.size() >= kMaxDownloads) {
    ++left_out_;
    return;
  }
  size_t index = list_.size(), fetcher = speakers_.of(event);
  Download& download = list_.emplace_back();
  download.url = event.path.substr(0, kMaxUrl);
  download.kind = event.file_type;
  download.sha256 = event.sha256;
  download.size_bytes = event.size_bytes;
  download.time_ns = event.time_ns;
  download.fetched_by = actor(tree_, fetcher);
  if (!event.data.empty()) by_marker_[event.data] = index;
  if (!event.sha256.empty()) {
    auto& equal = by_digest_[event.sha256];
    if (equal.size() < kMaxEqual) equal.push_back(index);
  }
  Record record(Category::canary);
  fill(record, "answered", download);
  add_process_fields(record, tree_, fetcher);
  record.evidence = fetched(download);
  emit(record);
  auto early = early_.find(event.data);
  if (event.data.empty() || early == early_.end()) return;
  Event word = std::move(early->second);
  early_.erase(early);
  on_word(word, emit);
}

void Downloads::on_word(const Event& event, const Emit& emit) {
  std::string marker = *canary_marker(event.path);
  auto found = by_marker_.find(marker);
  if (found != by_marker_.end()) return ran(found->second, event, tree_.find(event.pid), emit);
  if (early_.size() < kMaxEarly) early_.emplace(std::move(marker), event);
}

void Downloads::on_digest(const Event& event, const Emit& emit) {
  auto found = by_digest_.find(event.sha256);
  if (found == by_digest_.end()) return;
  if (event.kind == EventKind::file) {
    for (size_t index : found->second) stored(index, event, emit);
    return;
  }
  ran(found->second.back(), event, tree_.find(event.pid), emit);
}

void Downloads::ran(size_t index, const Event& event, size_t process, const Emit& emit) {
  Download& download = list_[index];
  Actor by = actor(tree_, process);
  // A program of ours is seen twice, as it is executed and by its own word: one run.
  bool known = download.status == DownloadStatus::run && download.run_by.pid == by.pid;
  if (download.status != DownloadStatus::run) download.run_by = by;
  download.status = DownloadStatus::run;
  if (known) return;
  Record record(Category::canary);
  fill(record, "run", download);
  add_process_fields(record, tree_, process);
  if (event.kind != EventKind::open) record.borrow(Field::TargetFilename, event.path);
  record.evidence = fetched(download) + ", run by " + printable(name_of(by));
  emit(record);
}

void Downloads::stored(size_t index, const Event& event, const Emit& emit) {
  Download& download = list_[index];
  if (!download.stored_at.empty()) return;
  download.stored_at = event.path.substr(0, kMaxUrl);
  if (download.status == DownloadStatus::run) return;
  download.status = DownloadStatus::stored;
  Record record(Category::canary);
  fill(record, "stored", download);
  record.borrow(Field::TargetFilename, event.path);
  record.borrow(Field::Image, download.fetched_by.image);
  record.evidence = fetched(download) + ", left at " + printable(event.path, 120);
  emit(record);
}

}  // namespace assay
