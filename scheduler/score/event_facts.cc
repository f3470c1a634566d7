// By text and flags alone: no file system, no resolver.
#include "scheduler/score/event_facts.h"

#include <fcntl.h>

#include <cstdio>

namespace assay {

std::string join_command(const std::vector<std::string>& argv) {
  std::string out;
  for (const auto& arg : argv) {
    if (!out.empty()) out += ' ';
    out += arg;
  }
  return out;
}

std::string command_line_of(const Event& event) {
  constexpr size_t kMaxCommandLine = 32 * 1024;
  std::string out;
  for (const auto& arg : event.argv) {
    if (out.size() >= kMaxCommandLine) break;
    if (!out.empty()) out += ' ';
    out.append(arg, 0, kMaxCommandLine - out.size());
  }
  return out;
}

std::string octal_mode(uint32_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", mode & 07777);
  return text;
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
