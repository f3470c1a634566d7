// sim_agent: an agent without runsc. It speaks the wire as the real one does (session, credit, resolved
// digest, chunks, done, resends), over a real socket, and misbehaves as its Faults say: crashes, partitions,
// late and repeated frames. Many of them share a thread: turn() never blocks. What the "images" do stands in
// their reference: see SimImage.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/codec.h"
#include "common/loop.h"
#include "common/wire.h"

namespace assay::farm {

using SimTime = std::chrono::steady_clock::time_point;

/// "oci-archive:/sim/TENANT/KIND/NAME.tar", or "sim.example:5000/sim/TENANT/KIND/NAME:1": what the simulated
/// image is, in its reference. Only images of a registry can be equal to others. "HOST/REPOSITORY@DIGEST":
/// with that digest, and a good one unless KIND is a part of its repository's path.
struct SimImage {
  enum class Kind : uint8_t { good, bad, cursed };  // bad: fails for good; cursed: every attempt fails
  Kind kind = Kind::good;
  std::string tenant, name;
  bool in_registry = false;

  std::string ref() const;
  static std::optional<SimImage> parse(const std::string& ref);
};
/// Of an image with this reference; equal references have equal digests.
std::string sim_digest(const std::string& ref);
/// Of the one event in the trace of this attempt.
std::string sim_path(const std::string& scan_id, uint32_t attempt);

/// Chances, each of one occasion: a lease taken, a frame sent.
struct Faults {
  double crash = 0;      // at a lease: the process ends, its memory is lost
  double spooled = 0;    // of crashes: what had run comes back with it
  double partition = 0;  // at a lease: neither sends nor reads for a while, then goes on
  double fail = 0;       // of attempts: failed for the host's reasons
  double hand_back = 0;  // of attempts: handed back as a stopping agent does
  double repeat = 0;     // of frames: sent twice
  double late = 0;       // of frames: sent again, out of order, seconds later
  double slow = 0;       // of attempts: takes far longer
  std::chrono::milliseconds partition_least{0}, partition_most{0};
};

struct SimSettings {
  std::string endpoint;
  uint32_t slots = 2;
  std::chrono::microseconds pull{0}, run{0};  // mean; drawn from half to one and a half of it
  std::chrono::milliseconds heartbeat{5000}, resend{2000};
  Faults faults;
};

/// What an agent saw, for whoever checks the farm.
struct SimSeen {
  enum class What : uint8_t { leased, chunk_acked, done_acked, failed_acked, cancelled, refused };
  What what;
  std::string scan_id;
  uint32_t attempt = 0;
  std::string text;  // leased: the reference; refused: the reason
};
using SimObserver = std::function<void(const class SimAgent&, const SimSeen&)>;

class SimAgent {
 public:
  using Connect = std::function<Result<Socket>(const std::string& name)>;
  /// `connect` makes its socket anew, with its key, after every crash. `settings` is borrowed.
  SimAgent(std::string name, const SimSettings& settings, uint64_t seed, Connect connect);

  /// Reads what came, does what is due.
  void turn(SimTime now, const SimObserver& observer);
  /// No new leases from now on; what it has is finished.
  void stop_wanting() { wanting_ = false; }
  void want_again() { wanting_ = true; }

  const std::string& name() const { return name_; }
  bool welcomed() const { return welcomed_; }
  bool idle() const { return attempts_.empty() && late_.empty() && up(); }
  uint64_t crashes() const { return crashes_; }
  uint64_t partitions() const { return partitions_; }

 private:
  enum class Stage : uint8_t { pulling, resolving, running, shipping, finishing, failing };
  struct Attempt {
    std::string scan_id;
    uint32_t attempt = 0;
    Job job;
    Stage stage = Stage::pulling;
    SimTime due;        // of the next step, or of a resend
    std::string frame;  // what is resent
  };
  struct Late {
    SimTime due;
    std::string frame;
  };

  bool up() const { return socket_.has_value(); }
  void come_up(SimTime now);
  void connect(SimTime now);
  void crash(SimTime now);
  void hello();
  void want();
  void send(std::string frame, SimTime now);
  void receive(SimTime now, const SimObserver& observer);
  void handle(const wire::Message& message, SimTime now, const SimObserver& observer);
  void lease(const wire::Lease& lease, SimTime now);
  void step(Attempt& attempt, SimTime now);
  void ship(Attempt& attempt, SimTime now);
  void finish(Attempt& attempt, SimTime now);
  void fail(Attempt& attempt, const std::string& code, SimTime now);
  Attempt* find(const std::string& scan_id, uint32_t attempt);
  void drop(const std::string& scan_id, uint32_t attempt);
  bool roll(double chance);
  std::chrono::microseconds around(std::chrono::microseconds mean);

  std::string name_;
  const SimSettings& settings_;
  std::mt19937_64 random_;
  Connect connect_;
  std::optional<Socket> socket_;
  std::string instance_;
  std::vector<Attempt> attempts_;
  std::vector<Late> late_;
  std::optional<uint32_t> wanted_;  // the credit last stated in this session
  bool welcomed_ = false, wanting_ = true;
  SimTime away_until_{}, next_beat_{}, came_up_{};
  uint64_t crashes_ = 0, partitions_ = 0;
};

}  // namespace assay::farm
