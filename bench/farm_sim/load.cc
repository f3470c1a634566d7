#include "bench/farm_sim/load.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace assay::bench {
namespace {

using Json = nlohmann::json;
using Kind = farm::SimImage::Kind;

constexpr std::chrono::milliseconds kAfterRefusal{200};
// Of a thousand jobs of a mixed load.
constexpr uint64_t kBad = 20, kCursed = 5, kShared = 60;
constexpr uint64_t kSharedImages = 50;  // of a tenant

std::string tenant_of(const std::map<std::string, uint32_t>& weights, uint64_t at) {
  uint64_t sum = 0;
  for (const auto& [name, weight] : weights) sum += weight;
  at %= sum;
  for (const auto& [name, weight] : weights) {
    if (at < weight) return name;
    at -= weight;
  }
  return weights.begin()->first;
}

std::string make_ref(const farm::Slice& slice, size_t i, bool mixed, std::mt19937_64& random) {
  farm::SimImage image;
  image.tenant = slice.tenant;
  image.name = slice.lane + "-" + slice.tag + "-" + std::to_string(i);
  uint64_t dice = random() % 1000;
  if (!mixed) return image.ref();
  if (dice < kBad)
    image.kind = Kind::bad;
  else if (dice < kBad + kCursed)
    image.kind = Kind::cursed;
  else if (dice < kBad + kCursed + kShared)
    image.name = "shared-" + std::to_string(random() % kSharedImages), image.in_registry = true;
  return image.ref();
}

std::string body(const farm::Slice& slice) {
  Json jobs = Json::array();
  for (const auto& ref : slice.refs)
    jobs.push_back({{"ref", ref},
                    {"lane", slice.lane},
                    {"fresh", ref.find("/shared-") == std::string::npos},
                    {"labels", {{"slice", slice.tag}}}});
  return Json{{"scans", std::move(jobs)}}.dump();
}

}  // namespace

std::vector<farm::Slice> make_slices(const LoadOptions& options, std::mt19937_64& random) {
  // Most are of one lane: fairness shows where many wait for the same.
  static constexpr const char* kLanesUsed[] = {"batch", "batch", "batch", "batch",
                                               "batch", "batch", "sweep", "gate"};
  std::vector<farm::Slice> out;
  for (uint64_t made = 0; made < options.jobs;) {
    farm::Slice slice;
    slice.tag = std::to_string(out.size());
    slice.tenant = tenant_of(options.weights, out.size());
    slice.lane = options.mixed ? kLanesUsed[random() % std::size(kLanesUsed)] : "batch";
    size_t size = std::min<uint64_t>(options.slice, options.jobs - made);
    for (size_t i = 0; i < size; ++i) slice.refs.push_back(make_ref(slice, i, options.mixed, random));
    made += size;
    out.push_back(std::move(slice));
  }
  return out;
}

Submitter::Submitter(std::vector<farm::Slice> slices, Connect connect, size_t connections)
    : slices_(std::move(slices)), connect_(std::move(connect)), lanes_(connections) {
  for (size_t i = 0; i < slices_.size(); ++i) waiting_.push_back(i);
}

size_t Submitter::in_flight() const {
  return static_cast<size_t>(
      std::count_if(lanes_.begin(), lanes_.end(), [](const Lane& l) { return l.busy; }));
}

void Submitter::turn(farm::SimTime now, farm::Ledger& ledger) {
  for (auto& lane : lanes_) {
    if (lane.busy) {
      auto response = lane.busy->poll();
      if (!response)
        lost(lane);
      else if (*response)
        answered(lane, **response, now, ledger);
    }
    if (!lane.busy && !waiting_.empty() && now >= again_) post(lane, now);
  }
}

void Submitter::post(Lane& lane, farm::SimTime now) {
  lane.slice = waiting_.front();
  waiting_.pop_front();
  const farm::Slice& slice = slices_[lane.slice];
  auto it = lane.tenants.find(slice.tenant);
  if (it == lane.tenants.end()) it = lane.tenants.emplace(slice.tenant, connect_(slice.tenant)).first;
  lane.busy = &it->second;
  if (lane.busy->begin("POST", "/v1/scans", body(slice))) return;
  lost(lane);
  again_ = now + kAfterRefusal;
}

// Whether it was taken nobody can know: as many jobs are posted once more, of other images, since the same
// ones would wait for the agents that have them.
void Submitter::lost(Lane& lane) {
  lane.busy = nullptr;
  ++unanswered_;
  slices_[lane.slice].outcome = farm::Slice::Outcome::unknown;
  farm::Slice again = slices_[lane.slice];
  again.tag += "x";
  std::string before = "-" + slices_[lane.slice].tag + "-", after = "-" + again.tag + "-";
  for (auto& ref : again.refs)
    if (size_t at = ref.find(before); at != std::string::npos) ref.replace(at, before.size(), after);
  again.outcome = farm::Slice::Outcome::open;
  slices_.push_back(std::move(again));
  waiting_.push_back(slices_.size() - 1);
}

void Submitter::answered(Lane& lane, const farm::Response& response, farm::SimTime now,
                         farm::Ledger& ledger) {
  lane.busy = nullptr;
  farm::Slice& slice = slices_[lane.slice];
  auto json = Json::parse(response.body, nullptr, false);
  if (response.status / 100 == 2 && json.contains("scan_ids")) {
    auto ids = json["scan_ids"].get<std::vector<std::string>>();
    accepted_ += ids.size();
    return ledger.accepted(slice, ids, now);
  }
  ++refusals_[response.status];
  waiting_.push_back(lane.slice);
  again_ = now + kAfterRefusal;
}

}  // namespace assay::bench
