// image_files: a bounded look at the files of an image, as a process whose root it is would see them. Hostile
// through and through: no link leads out, nothing that blocks is opened, sizes and counts have bounds.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

class ImageFiles {
 public:
  /// `image_root`: Rootfs::image().
  static Result<ImageFiles> open(const std::filesystem::path& image_root);

  /// The first `limit` bytes of a regular file; nothing if it is none.
  std::optional<std::string> read(const std::string& path, size_t limit = 64 * 1024) const;
  /// Names in a directory, sorted, without "." and ".."; at most kMaxNames. Empty if it is none.
  std::vector<std::string> list(const std::string& dir) const;
  bool is_dir(const std::string& path) const;
  bool is_executable(const std::string& path) const;  // a regular file with an executable mode bit
  /// Where its links lead: "/usr/bin/dash" for "/bin/sh"; empty if it leads nowhere.
  std::string resolve(const std::string& path) const;
  /// What execvp(3) would run for `program`, resolved; empty if there is no such program.
  std::string find_program(const std::string& program, const std::vector<std::string>& env) const;
  int root_fd() const { return root_.get(); }
  const std::string& root() const { return path_; }

  static constexpr size_t kMaxNames = 2000;

 private:
  ImageFiles(Fd root, std::string path) : root_(std::move(root)), path_(std::move(path)) {}
  Fd root_;
  std::string path_;  // of the root, as the kernel names it
};

/// Lines of a text, without their ends.
std::vector<std::string> lines_of(std::string_view text);
/// Words between blanks.
std::vector<std::string> words_of(std::string_view text);
/// The value of NAME in NAME=value settings, the last one; nothing if it is not set.
std::optional<std::string> variable(const std::vector<std::string>& env, std::string_view name);

}  // namespace assay
