#include "agent/kept_executables.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace assay {

void KeptExecutables::keep(const std::string& sha256, int fd) {
  if (sha256.empty() || files_.contains(sha256) || released_.contains(sha256)) return;
  struct stat st {};
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return;
  if (files_.size() >= kMaxFiles || static_cast<uint64_t>(st.st_size) > kMaxFileBytes) {
    ++left_out_;
    return;
  }
  Fd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (own)
    files_.emplace(sha256, std::move(own));
  else
    ++left_out_;
}

void KeptExecutables::release(const std::string& sha256) {
  files_.erase(sha256);
  if (released_.size() < kMaxReleased) released_.insert(sha256);
}

int KeptExecutables::find(const std::string& sha256) const {
  auto found = files_.find(sha256);
  return found == files_.end() ? -1 : found->second.get();
}

}  // namespace assay
