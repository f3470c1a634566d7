// The image's own files are read in the image, which nobody can change; others as they were when executed,
// where they were kept open, else as they lie there now, if they still are what was executed.
#include "agent/contents.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "agent/file_context.h"
#include "agent/harvest_file.h"
#include "common/paths.h"

namespace assay {
namespace {

constexpr size_t kMaxKnown = 50'000, kMaxNotes = 16, kMaxBodies = 16;
constexpr uint64_t kMaxHashBytes = 256ull << 20;

std::string key_of(const Event& event) { return event.sha256 + " " + event.path; }

void apply(const Inspection& inspection, Event& event) {
  event.mime = inspection.mime;
  event.similarity = inspection.similarity;
  event.matches = inspection.matches;
}

bool is_regular(int fd, struct stat& st) { return ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode); }

}  // namespace

Contents::Contents(Fd image, Fd merged, Fd upper, const YaraRules& rules, const InspectLimits& limits)
    : image_(std::move(image)),
      merged_(std::move(merged)),
      upper_(std::move(upper)),
      inspector_(rules, limits),
      kept_(std::make_unique<KeptExecutables>()) {}

Result<Contents> Contents::open(const Rootfs& rootfs, const YaraRules& rules, const InspectLimits& limits) {
  ASSAY_TRY(Fd image, open_file(rootfs.image(), O_RDONLY | O_DIRECTORY));
  ASSAY_TRY(Fd merged, open_file(rootfs.merged(), O_RDONLY | O_DIRECTORY));
  ASSAY_TRY(Fd upper, open_file(rootfs.upper(), O_RDONLY | O_DIRECTORY));
  return Contents(std::move(image), std::move(merged), std::move(upper), rules, limits);
}

void Contents::note(const Event& event) {
  if (event.kind != EventKind::start && event.kind != EventKind::exec) return;
  if (event.origin == "image") kept_->release(event.sha256);
  auto add = [&](const std::string& key, Event of, bool script) {
    if (executed_.contains(key)) return;
    if (executed_.size() >= kMaxExecuted) {
      ++executed_left_out_;
      return;
    }
    of.env.clear();
    of.argv.clear();
    executed_.emplace(key, Executed{std::move(of), script});
  };
  if (event.path.empty()) return;
  Event program = event;
  program.path = executed_path(event);
  add(event.sha256.empty() ? program.path : event.sha256, program, false);
  if (std::string script = given_script(event); !script.empty()) {
    program.path = script;
    program.sha256.clear();
    add(script, program, true);
  }
}

void Contents::note_body(const std::string& path, Fd file) {
  if (bodies_.size() < kMaxBodies) bodies_.emplace(resolve_path("/", without_deleted(path)), std::move(file));
}

void Contents::not_inspected(const std::string& path, const std::string& why) {
  if (notes_.size() >= kMaxNotes) return;
  Event note;
  note.plane = Plane::host;
  note.call = "not_inspected";
  note.data = path + ": " + why;
  notes_.push_back(std::move(note));
}

Status Contents::inspect(int fd, Event& event) {
  auto known = event.sha256.empty() ? known_.end() : known_.find(key_of(event));
  if (known != known_.end()) {
    apply(known->second, event);
    return Status();
  }
  ASSAY_TRY(Inspection inspection, inspector_.inspect(fd, event.path, event.uid, event.origin != "image"));
  apply(inspection, event);
  if (inspection.skipped && event.origin == "image") ++own_skipped_;
  if (!inspection.why_not.empty()) not_inspected(event.path, inspection.why_not);
  if (!event.sha256.empty() && known_.size() < kMaxKnown)
    known_.emplace(key_of(event), std::move(inspection));
  return Status();
}

Status Contents::fill(Event& event) {
  bool content = event.file_type == "elf" || event.file_type == "script" || event.file_type == "text" ||
                 event.file_type == "data";
  if (!content || event.origin == "deleted") return Status();
  auto fd = open_below(upper_.get(), event.path.substr(1), O_RDONLY, Links::refuse);
  struct stat st {};
  if (!fd || !is_regular(fd->get(), st)) return Status();
  left_.insert(key_of(event));
  return inspect(fd->get(), event);
}

// Sets what was found out on the way: digest, origin.
Fd Contents::find(Executed& file) const {
  Event& event = file.event;
  uint64_t budget = kMaxHashBytes;
  if (event.origin == "memfd") {
    auto body = bodies_.find(event.path);
    if (body == bodies_.end()) return Fd();
    auto hash = hash_file(body->second.get(), kMaxHashBytes, budget, event.path);
    if (hash) event.sha256 = *hash;
    return Fd(::fcntl(body->second.get(), F_DUPFD_CLOEXEC, 0));
  }
  std::string path = event.path.substr(event.path.starts_with('/') ? 1 : 0);
  struct stat st {};
  if (event.origin == "image" || file.script) {
    auto fd = open_below(image_.get(), path, O_RDONLY, Links::follow_in_root);
    if (!fd || !is_regular(fd->get(), st)) return Fd();
    event.origin = "image";
    event.uid = st.st_uid;
    event.gid = st.st_gid;
    if (auto hash = file.script ? hash_file(fd->get(), kMaxHashBytes, budget, path)
                                : Result<std::string>(event.sha256))
      event.sha256 = *hash;
    return std::move(*fd);
  }
  int kept = kept_->find(event.sha256);
  auto fd = kept >= 0 ? Result<Fd>(Fd(::fcntl(kept, F_DUPFD_CLOEXEC, 0)))
                      : open_below(merged_.get(), path, O_RDONLY, Links::follow_in_root);
  if (!fd || !is_regular(fd->get(), st)) return Fd();
  auto hash = hash_file(fd->get(), kMaxHashBytes, budget, path);
  if (!event.sha256.empty() && (!hash || *hash != event.sha256)) return Fd();  // changed since
  if (hash) event.sha256 = *hash;
  return std::move(*fd);
}

Status Contents::executed(const Executed& given, const std::function<void(Event, Fd)>& emit) {
  Executed file = given;
  Event& event = file.event;
  if (!event.sha256.empty() && left_.contains(key_of(event))) return Status();
  if (file.script) {  // what the guest has written has a `file` event already
    auto left = open_below(upper_.get(), event.path.substr(1), O_PATH, Links::refuse);
    if (left || left.error().code != Errc::not_found) return Status();
  }
  Fd fd = find(file);
  if (!fd) {
    if (file.script) return Status();  // no file, or not that of a script
    ++unreachable_;
    if (event.origin != "image") not_inspected(event.path, "not to be had any more when the run was over");
    return Status();
  }
  struct stat st {};
  if (!is_regular(fd.get(), st)) return Status();
  Event out;
  out.kind = EventKind::file;
  out.plane = Plane::host;
  out.source = Source::harvest;
  out.call = "executed";
  out.pid = event.pid;
  out.path = event.path;
  out.origin = event.origin;
  out.sha256 = event.sha256;
  out.uid = st.st_uid;
  out.gid = st.st_gid;
  out.mode = st.st_mode & 07777;
  out.size_bytes = static_cast<uint64_t>(st.st_size);
  out.file_type = content_type(fd.get());
  ASSAY_CHECK(inspect(fd.get(), out));
  bool gone = out.origin != "image";
  if (!out.matches.empty() || gone) emit(std::move(out), gone ? std::move(fd) : Fd());
  return Status();
}

Status Contents::finish(const std::function<void(Event, Fd)>& emit) {
  // What is not the image's own first: time may run out.
  for (bool own : {false, true})
    for (const auto& [key, file] : executed_)
      if ((file.event.origin == "image") == own) ASSAY_CHECK(executed(file, emit));
  for (Event& note : notes_) emit(std::move(note), Fd());
  notes_.clear();
  return Status();
}

void Contents::account(SourceCount& harvest) const {
  const InspectCount& count = inspector_.count();
  harvest.lost += count.failed - own_skipped_ + executed_left_out_;
  auto say = [&](uint64_t number, const char* what) {
    if (number > 0)
      harvest.detail += (harvest.detail.empty() ? "" : "; ") + std::to_string(number) + " " + what;
  };
  say(count.failed, "files not inspected, or not to the end");
  say(executed_left_out_, "executed files beyond what is kept in mind");
  say(count.restarts, "times the inspector was killed by a file");
  say(count.partial, "files inspected in part");
  say(unreachable_, "executed files gone before they could be inspected");
}

}  // namespace assay
