#include "agent/provoke/image_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "agent/harvest_file.h"

namespace assay {
namespace {

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::optional<mode_t> mode_of(int root, const std::string& path) {
  auto fd = open_below(root, path, O_PATH, Links::follow_in_root);
  struct stat s {};
  if (!fd || ::fstat(fd->get(), &s) != 0) return std::nullopt;
  return s.st_mode;
}

std::vector<std::string> split(std::string_view text, std::string_view separators, bool keep_empty) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find_first_of(separators, begin), text.size());
    if (end > begin || keep_empty) out.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

}  // namespace

Result<ImageFiles> ImageFiles::open(const std::filesystem::path& image_root) {
  ASSAY_TRY(Fd root, open_file(image_root, O_RDONLY | O_DIRECTORY));
  std::string path = kernel_name(root.get());
  return ImageFiles(std::move(root), std::move(path));
}

std::optional<std::string> ImageFiles::read(const std::string& path, size_t limit) const {
  auto fd = open_below(root_.get(), path, O_RDONLY, Links::follow_in_root);
  struct stat s {};
  if (!fd || ::fstat(fd->get(), &s) != 0 || !S_ISREG(s.st_mode)) return std::nullopt;
  std::string out(std::min(limit, static_cast<size_t>(s.st_size)), '\0');
  ssize_t n = ::pread(fd->get(), out.data(), out.size(), 0);
  if (n < 0) return std::nullopt;
  out.resize(static_cast<size_t>(n));
  return out;
}

std::vector<std::string> ImageFiles::list(const std::string& dir) const {
  std::vector<std::string> out;
  auto fd = open_below(root_.get(), dir, O_RDONLY | O_DIRECTORY, Links::follow_in_root);
  if (!fd) return out;
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd->get()), ::closedir);
  if (!stream) return out;
  fd->release();  // the stream's now
  while (out.size() < kMaxNames) {
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name != "." && name != "..") out.push_back(std::move(name));
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool ImageFiles::is_dir(const std::string& path) const {
  auto mode = mode_of(root_.get(), path);
  return mode && S_ISDIR(*mode);
}

bool ImageFiles::is_executable(const std::string& path) const {
  auto mode = mode_of(root_.get(), path);
  return mode && S_ISREG(*mode) && (*mode & 0111) != 0;
}

std::string ImageFiles::resolve(const std::string& path) const {
  auto fd = open_below(root_.get(), path, O_PATH, Links::follow_in_root);
  return fd ? path_below(path_, fd->get()) : "";
}

std::string ImageFiles::find_program(const std::string& program, const std::vector<std::string>& env) const {
  if (program.empty()) return "";
  if (program.find('/') != std::string::npos) return is_executable(program) ? resolve(program) : "";
  for (const std::string& dir : split(variable(env, "PATH").value_or(kDefaultPath), ":", false))
    if (std::string path = dir + "/" + program; is_executable(path)) return resolve(path);
  return "";
}

std::vector<std::string> lines_of(std::string_view text) { return split(text, "\n", true); }
std::vector<std::string> words_of(std::string_view text) { return split(text, " \t\r\n", false); }

std::optional<std::string> variable(const std::vector<std::string>& env, std::string_view name) {
  for (auto it = env.rbegin(); it != env.rend(); ++it)
    if (it->size() > name.size() && it->starts_with(name) && (*it)[name.size()] == '=')
      return it->substr(name.size() + 1);
  return std::nullopt;
}

}  // namespace assay
