// Directories rather than files: names in them are often drawn, counted or dated.
#include "scheduler/score/file_area.h"

#include <algorithm>
#include <string_view>

#include "scheduler/score/steady_words.h"

namespace assay {
namespace {

constexpr size_t kMaxParts = 3;

bool is_fleeting(const std::string& path) {
  for (std::string_view below : {"/var/log/", "/var/cache/", "/proc/", "/sys/", "/dev/"})
    if (path.starts_with(below) && !path.starts_with("/dev/shm/")) return true;
  for (std::string_view part : {"/.cache/", "/__pycache__/", "/logs/", "/log/", "/cache/"})
    if (path.find(part) != std::string::npos) return true;
  for (std::string_view tail : {".log", ".pid", ".lock", ".pyc"})
    if (path.ends_with(tail)) return true;
  return false;
}

}  // namespace

std::string file_area(const FileChange& file) {
  if (file.file_type == "dir" || file.path.empty() || is_fleeting(file.path)) return "";
  std::string path = steady_path(file.path);
  size_t end = path.find('/', 0), last = path.rfind('/');
  for (size_t parts = 0; parts < kMaxParts && end < last; ++parts) end = path.find('/', end + 1);
  return end == std::string::npos ? "" : path.substr(0, end) + "/*";
}

}  // namespace assay
