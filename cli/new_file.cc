// Written beside its name, then renamed.
#include "cli/new_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

namespace assay::cli {
namespace {

Error exists(const std::string& path) {
  return {Errc::conflict, path + " exists: name another with --output, or overwrite it with --force"};
}

}  // namespace

Result<NewFile> NewFile::create(const std::string& path, bool overwrite, std::string what, uint64_t most) {
  if (!overwrite && ::access(path.c_str(), F_OK) == 0) return exists(path);
  std::string part = path + ".part-" + std::to_string(::getpid());
  ASSAY_TRY(Fd fd, open_file(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  return NewFile(path, std::move(part), std::move(fd), overwrite, std::move(what), most);
}

NewFile::~NewFile() {
  if (fd_) ::unlink(part_.c_str());
}

Status NewFile::add(std::string_view bytes) {
  bytes_ += bytes.size();
  if (bytes_ > most_)
    return Error{Errc::limit, what_ + " does not end within " + std::to_string(most_ >> 20) + " MiB"};
  return write_all(fd_.get(), bytes, path_);
}

Status NewFile::finish() {
  unsigned how = overwrite_ ? 0 : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, path_.c_str(), how) != 0)
    return errno == EEXIST ? Status(exists(path_)) : Status(errno_error("write " + path_));
  fd_.reset();
  return Status();
}

}  // namespace assay::cli
