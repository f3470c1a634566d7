// Candidates gathered, ranked, and cut to the bounds.
#include "agent/artifacts.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "agent/harvest_file.h"
#include "common/interpreter.h"
#include "common/paths.h"
#include "common/text.h"
#include "common/units.h"

namespace assay {
namespace {

constexpr size_t kEntryBytes = 224;              // of a footer, for one artifact beside its path
constexpr uint64_t kMaxTotalBytes = 1ull << 30;  // a quarter of the chunks that an attempt may have
constexpr size_t kMaxBaseName = 40;
constexpr size_t kMaxArguments = 6;  // an interpreter's options before its script

bool is_regular(const std::string& file_type) {
  return file_type != "dir" && file_type != "symlink" && file_type != "other";
}

bool foreign(const std::string& origin) {
  return origin == "dropped" || origin == "changed" || origin == "memfd";
}

int rank_of(const ArtifactCandidate& file) {
  if (file.executed) return 0;
  if (file.file_type == "elf") return 1;
  return file.file_type == "script" ? 2 : 3;
}

bool before(const ArtifactCandidate& a, const ArtifactCandidate& b) {
  if (rank_of(a) != rank_of(b)) return rank_of(a) < rank_of(b);
  return a.size_bytes != b.size_bytes ? a.size_bytes < b.size_bytes : a.path < b.path;
}

}  // namespace

void ArtifactBook::note(const Event& event) {
  if (event.kind == EventKind::start || event.kind == EventKind::exec) return ran(event);
  bool left = event.kind == EventKind::file && event.call.empty() && event.origin != "deleted" &&
              is_regular(event.file_type);
  if (!left || event.size_bytes == 0) return;
  if (files_.size() >= kMaxFiles) {
    ++unseen_;
    return;
  }
  files_.push_back({event.path, event.sha256, event.file_type, event.origin, event.size_bytes});
}

// By path, since a file may be written anew afterwards; by digest, since it may get another name; and scripts
// by what their interpreters were given.
void ArtifactBook::ran(const Event& event) {
  auto remember = [](std::set<std::string>& in, std::string what) {
    if (!what.empty() && in.size() < kMaxExecuted) in.insert(std::move(what));
  };
  if (foreign(event.origin)) {
    remember(executed_, resolve_path(event.cwd, event.path));
    remember(executed_, event.sha256);
  }
  if (!is_interpreter(event.path) && (event.argv.empty() || !is_interpreter(event.argv[0]))) return;
  for (size_t i = 1; i < event.argv.size() && i < kMaxArguments; ++i) {
    const std::string& word = event.argv[i];
    if (word == "-c" || word == "-e") return;
    if (word.empty() || word[0] == '-') continue;
    return remember(scripts_, resolve_path(event.cwd, word));
  }
}

void ArtifactBook::add(const std::string& path, Fd fd, const std::string& origin, bool executed) {
  struct stat s {};
  bool regular = fd && ::fstat(fd.get(), &s) == 0 && S_ISREG(s.st_mode);
  if (!regular || held_.size() >= kMaxHeld) {
    ++unseen_;
    return;
  }
  if (s.st_size <= 0) return;
  ArtifactCandidate file{path, "", content_type(fd.get()), origin, static_cast<uint64_t>(s.st_size)};
  file.executed = executed;
  file.fd = fd.get();
  held_.push_back({std::move(file), std::move(fd)});
}

bool ArtifactBook::was_executed(const ArtifactCandidate& file) const {
  return executed_.contains(file.path) || scripts_.contains(file.path) ||
         (!file.sha256.empty() && executed_.contains(file.sha256));
}

ArtifactChoice ArtifactBook::choose(const ArtifactLimits& limits) const {
  std::vector<ArtifactCandidate> all = files_;
  for (ArtifactCandidate& file : all) file.executed = was_executed(file);
  for (const Held& held : held_) all.push_back(held.file);
  std::sort(all.begin(), all.end(), before);
  ArtifactChoice out;
  out.left_out = unseen_;
  uint64_t bytes = 0, index = 0;
  std::set<std::string> contents;
  for (ArtifactCandidate& file : all) {
    bool again = !file.sha256.empty() && contents.contains(file.sha256);
    uint64_t size = again ? 0 : file.size_bytes, entry = kEntryBytes + file.path.size();
    bool fits = out.kept.size() < limits.files && file.size_bytes <= limits.file_bytes &&
                size <= limits.total_bytes - bytes && entry <= limits.index_bytes - index;
    if (!fits) {
      ++out.left_out;
      continue;
    }
    bytes += size;
    index += entry;
    if (!file.sha256.empty()) contents.insert(file.sha256);
    out.kept.push_back(std::move(file));
  }
  return out;
}

Result<uint64_t> parse_artifact_bytes(std::string_view text) {
  ASSAY_TRY(uint64_t bytes, parse_bytes(text));
  if (bytes > kMaxTotalBytes)
    return Error{Errc::invalid, "artifact-bytes '" + printable(text, 40) + "' is more than 1G"};
  return bytes;
}

std::string artifact_name(size_t number, const std::string& path) {
  std::string base = path.substr(path.rfind('/') + 1, kMaxBaseName);
  for (char& c : base) {
    bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                c == '-' || c == '_';
    if (!safe) c = '_';
  }
  char digits[32];
  std::snprintf(digits, sizeof digits, "%04zu", number);
  return digits + std::string("_") + base;
}

}  // namespace assay
