// archive: the parts of bench-archive.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "common/result.h"

namespace assay::archive {

/// Writes so many scans, as the scheduler would.
void fill(const std::string& store_dir, size_t scans);
/// Bytes on disk, by family, a scan.
void tell_sizes(const std::string& store_dir, size_t scans);
/// Asks for everything, tells how long it took, and whether the answers were right.
bool ask(const std::string& data_dir, size_t scans);

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class T>
T sure(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().what.c_str());
  std::exit(1);
}
inline void sure(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "%s\n", status.error().what.c_str());
  std::exit(1);
}

}  // namespace assay::archive
