// chamber: what detonate() is made of: one scan's network, simulated internet, tracer and provoker, and the
// sandboxes that run in it one after the other. Set up in chamber.cc, run in detonate.cc, read out in
// chamber_gather.cc. No part of detonate's interface.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/bundle.h"
#include "agent/contents.h"
#include "agent/detonate.h"
#include "agent/egress.h"
#include "agent/file_context.h"
#include "agent/guest.h"
#include "agent/harvest.h"
#include "agent/limits.h"
#include "agent/network.h"
#include "agent/patience.h"
#include "agent/provoke/provoker.h"
#include "agent/provoke/retry.h"
#include "agent/sandbox.h"
#include "agent/starvation.h"
#include "agent/trace/tracer.h"
#include "agent/world.h"

namespace assay {

// One sandbox of several.
struct Run {
  InitProcess init;
  bool alone = false;  // the starter keeps it running, nothing of the image
};

class Chamber {
 public:
  explicit Chamber(const Detonation& in) : in_(in) {}
  Status run();

 private:
  Status set_up();
  Status dress_up();
  Status open_tracer(const std::filesystem::path& dir);
  bool starter_has_no_place();
  Status set_up_provoker();
  Status begin_context();
  Result<Sandbox> start_sandbox(const Run& run);
  Status attach_provoker(const Sandbox& sandbox, const Run& run);
  Result<GuestEnd> run_sandbox(const Run& run);
  Status hear_the_rest();
  Status provoke_further(EarlyEnd end);
  Status gather();
  Status gather_files();
  void gather_egress();
  void tell_packages();
  SourceCount own_count() const;
  std::vector<Event> tokens_in(const std::vector<Event>& events);
  std::string cgroup_name(const char* part) const;
  bool over_limit();
  void gather_limits();
  Status record(std::vector<Event> events);
  Status keep(std::vector<Event> events);
  Status guard_hit(const Event& event);
  void guest_starts();
  void begin_later(std::chrono::nanoseconds by);
  void move_end();
  void make_up();
  void heed(const PatienceWord& word);
  ProvokeTimes provoke_times(bool alone) const;
  void tell_run(const char* kind, const std::string& why, const InitProcess& init, const GuestEnd& end,
                std::chrono::steady_clock::time_point begun);
  std::chrono::milliseconds left() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ -
                                                                 std::chrono::steady_clock::now());
  }

  const Detonation& in_;
  InitProcess init_;
  BundleOptions bundle_;
  std::filesystem::path bundle_dir_;
  int stop_signal_ = 15;
  // Taken down in the opposite order.
  std::optional<Provenance> provenance_;
  std::optional<FileContext> context_;
  std::optional<Contents> contents_;  // none: the agent has no inspector
  std::optional<Network> network_;
  std::optional<Cgroup> cgroup_, world_cgroup_;
  std::optional<LimitBook> limits_;
  std::optional<World> world_;  // one of these two, where there is a network
  std::optional<Egress> egress_;
  std::optional<Tracer> tracer_;
  std::optional<ImageFiles> files_, live_files_;  // the image's, and as the guest has changed them
  std::optional<Provoker> provoker_;
  std::chrono::steady_clock::time_point begun_, deadline_;  // of the run
  std::optional<Patience> patience_;                        // while the image runs
  std::optional<Starvation> starvation_;                    // since the guest's start
  std::string first_output_;
  std::string guard_hit_;  // the first, in words
  bool guest_started_ = false, forced_ = false;
  uint64_t agent_events_ = 0, output_bytes_ = 0, output_left_out_ = 0;
  size_t sandboxes_ = 0;
};

}  // namespace assay
