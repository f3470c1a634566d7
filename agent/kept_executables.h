// kept_executables: executed files, held open from their exec on, so that a program which deletes itself can
// still be looked at when the guest has ended. Fed by the tracer; read by contents, and by whoever keeps what
// was found. What turns out to be the image's own is let go at once: that stays where it is.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "common/fd.h"

namespace assay {

class KeptExecutables {
 public:
  static constexpr size_t kMaxFiles = 128;
  static constexpr uint64_t kMaxFileBytes = 64ull << 20;  // a file that was deleted goes on taking room

  /// Duplicates `fd`, a regular file that has just been executed; each digest once.
  void keep(const std::string& sha256, int fd);
  /// It is the image's own.
  void release(const std::string& sha256);
  /// Borrowed; -1: not held. Others may have moved its offset: read by pread(2).
  int find(const std::string& sha256) const;
  const std::map<std::string, Fd>& all() const { return files_; }
  uint64_t left_out() const { return left_out_; }  // executions of files for which there was no room

 private:
  static constexpr size_t kMaxReleased = 8192;
  std::map<std::string, Fd> files_;
  std::set<std::string> released_;
  uint64_t left_out_ = 0;
};

}  // namespace assay
