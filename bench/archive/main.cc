// Claim: in a store of 100,000 scans, made of the real traces of tests/traces, whatever scans can be found by
// is found in milliseconds, and a list pages at once. Beside it, in the same run: reading every report for
// the same answer. Usage: bench-archive [SCANS] [DIR], DIR on the disk in question (default: the temporary
// directory; a scan takes some 100 kB). It takes away what it has made.
#include <stdlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "bench/archive/archive.h"

int main(int argc, char** argv) {
  using namespace assay::archive;
  size_t scans = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
  std::string pattern = (argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path()) /
                        "assay-bench-XXXXXX";
  if (scans < 1000 || ::mkdtemp(pattern.data()) == nullptr) {
    std::fprintf(stderr, "usage: bench-archive [SCANS, 1000 or more] [DIR]\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::string data = pattern;
  fill(data + "/store", scans);
  tell_sizes(data + "/store", scans);
  bool right = ask(data, scans);
  std::filesystem::remove_all(pattern);
  return right ? 0 : 1;
}
