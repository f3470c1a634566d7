// By text and flags alone: no file system, no resolver.
#include "scheduler/score/event_facts.h"

#include <fcntl.h>

namespace assay {

std::string join_command(const std::vector<std::string>& argv) {
  std::string out;
  for (const auto& arg : argv) {
    if (!out.empty()) out += ' ';
    out += arg;
  }
  return out;
}

bool is_remote(std::string_view addr) {
  return !addr.empty() && !addr.starts_with("127.") && addr != "::1" && addr != "0.0.0.0" && addr != "::" &&
         !addr.starts_with("::ffff:127.");
}

bool opens_for_write(const Event& e) {
  auto access = e.flags & O_ACCMODE;
  return e.call == "creat" || access == O_WRONLY || access == O_RDWR || (e.flags & (O_CREAT | O_TRUNC)) != 0;
}

bool opens_to_create(const Event& e) { return e.call == "creat" || (e.flags & O_CREAT) != 0; }

}  // namespace assay
