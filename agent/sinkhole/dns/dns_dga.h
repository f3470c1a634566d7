// dns_dga: tells a domain generation algorithm by its burst: malware that asks for one random-looking domain
// after the other waits for NXDOMAIN from all but a few. The first ones of a burst resolve, as if one were
// registered; of the rest, those that look random and are new do not exist. Pure and bounded; a heuristic,
// not a proof.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

namespace assay::sinkhole {

/// What somebody could have registered: "example.co.uk" of "www.example.co.uk", and the name itself if it has
/// no more labels. By a short list of the public suffixes with two labels, dynamic DNS among them.
std::string_view registrable_domain(std::string_view name);

/// Whether a label looks drawn at random: letters that seldom follow each other, long runs of consonants,
/// digits in between.
bool looks_random(std::string_view label);

class DgaWatch {
 public:
  static constexpr size_t kBurst = 8;  // random-looking domains that resolve
  static constexpr int64_t kWindowNs = 300'000'000'000;
  static constexpr size_t kMaxRecent = 64;       // new domains, of which half must look random
  static constexpr size_t kMaxGranted = 16'384;  // domains that go on resolving

  /// Whether `name`, lower case, is to be refused. Counts it.
  bool refuses(std::string_view name, int64_t now_ns);
  uint64_t refused() const { return refused_; }

 private:
  struct Asked {
    int64_t time_ns;
    bool random;
  };
  bool in_burst(int64_t now_ns);

  std::unordered_set<std::string> granted_;
  std::deque<Asked> recent_;
  uint64_t refused_ = 0;
};

}  // namespace assay::sinkhole
