// load: jobs in slices, and who posts them over the API between two sweeps of the agents.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/farm/http.h"
#include "tests/farm/ledger.h"

namespace assay::bench {

struct LoadOptions {
  uint64_t jobs = 100000;
  size_t slice = 1000;
  std::map<std::string, uint32_t> weights;  // of tenants, who submit in this proportion
  bool mixed =
      true;  // lanes, equal jobs, bad and cursed images; else only good ones, each fresh, in one lane
};
std::vector<farm::Slice> make_slices(const LoadOptions& options, std::mt19937_64& random);

class Submitter {
 public:
  using Connect = std::function<farm::Http(const std::string& tenant)>;
  Submitter(std::vector<farm::Slice> slices, Connect connect, size_t connections);

  /// Reads answers, posts what is next. A refused slice is posted again; one without an answer is posted as a
  /// new one, and may be there or not.
  void turn(farm::SimTime now, farm::Ledger& ledger);
  bool finished() const { return waiting_.empty() && in_flight() == 0; }
  uint64_t accepted() const { return accepted_; }
  uint64_t unanswered() const { return unanswered_; }
  const std::map<int, uint64_t>& refusals() const { return refusals_; }  // by HTTP status
  const std::vector<farm::Slice>& slices() const { return slices_; }

 private:
  struct Lane {
    std::map<std::string, farm::Http> tenants;
    farm::Http* busy = nullptr;
    size_t slice = 0;
  };
  size_t in_flight() const;
  void answered(Lane& lane, const farm::Response& response, farm::SimTime now, farm::Ledger& ledger);
  void lost(Lane& lane);
  void post(Lane& lane, farm::SimTime now);

  std::vector<farm::Slice> slices_;
  std::deque<size_t> waiting_;
  Connect connect_;
  std::vector<Lane> lanes_;
  farm::SimTime again_{};  // not before, after a refusal
  uint64_t accepted_ = 0, unanswered_ = 0;
  std::map<int, uint64_t> refusals_;
};

}  // namespace assay::bench
