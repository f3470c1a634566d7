// paper_registry: a registry that has nothing but manifests, of as many repositories as a test wants, and bad
// days by the first part of a repository's name. In this process, on the loopback.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http_server.h"
#include "common/result.h"

namespace assay::farm {

struct PaperOptions {
  /// Each with one image under the tag "1". "slow/": answers after `slow`; "broken/": 500; "gone/": 404;
  /// "denied/": 403; "hang/": no answer; "shaky/": 503 for its first request; "torn/": its tag has no manifest.
  std::vector<std::string> repositories;
  std::chrono::milliseconds each{0}, slow{100};
  unsigned limit_every = 0;  // each so many-th request is refused with 429; 0: none, 1: all
  unsigned retry_after_s = 1;
  size_t page = 100;  // of the catalog
};

class PaperRegistry {
 public:
  static Result<PaperRegistry> start(PaperOptions options);
  PaperRegistry(PaperRegistry&&) noexcept;
  ~PaperRegistry();

  std::string host() const;
  uint64_t requests() const;
  uint64_t limited() const;

 private:
  struct State;
  explicit PaperRegistry(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay::farm
