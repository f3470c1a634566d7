// terminal: how wide it is, and whether it wants colour.
#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace assay::cli {

/// Columns of the terminal behind `fd`, between 40 and 200; 100 where there is none.
inline unsigned terminal_width(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return std::clamp<unsigned>(size.ws_col, 40, 200);
}

/// Of standard output, for tables: 0 when it is no terminal, so that nothing is cut.
inline unsigned table_width() { return ::isatty(1) == 1 ? terminal_width(1) : 0; }

/// A terminal, and the user has not said otherwise (no-color.org).
inline bool wants_color(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  return ::isatty(fd) == 1 && (no_color == nullptr || *no_color == 0);
}

}  // namespace assay::cli
