// pcapng: the flows that a trace recorded, as a capture file that Wireshark and tshark open
// (docs/exports.md). No packet was kept whole: packets are made up around the bytes that were, and every one
// says so. Two passes over the events: FlowBook learns which conversations there are and how they ended,
// PcapngWriter then writes them in the order of time. Pure; what it holds is bounded, whatever the trace
// says.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/trace.h"

namespace assay {

inline constexpr size_t kMaxConversations = 100'000;  // beyond: left out, and counted
inline constexpr size_t kMaxFlowTold = 8 << 20;      // bytes of what the sinkhole told, all comments together
inline constexpr size_t kMaxResolvedNames = 10'000;  // addresses that get a name
inline constexpr size_t kMaxSegmentBytes = 1460;     // of a TCP segment; 1440 over IPv6

/// Both ends of a conversation, in bytes: whoever began it is the source.
struct FlowKey {
  uint8_t protocol = 0;  // of IP: 6, 17, 1 or 58
  bool v6 = false;
  std::string from, to;  // 4 or 16 bytes
  uint16_t from_port = 0, to_port = 0;

  auto operator<=>(const FlowKey&) const = default;
  FlowKey turned() const { return {protocol, v6, to, from, to_port, from_port}; }
};
/// Nothing for an event whose addresses are none or of two families, or whose ports or protocol a packet
/// cannot have.
std::optional<FlowKey> flow_key(const Event& event);

/// What the first pass knows of one conversation. Counters are of IP packets, headers included; forth: from
/// who began it.
struct Conversation {
  FlowKey key;
  bool begun = false;    // its start was seen
  bool counted = false;  // its counters were read
  bool closed = false;   // by FIN or RST: it was reported before the scan's end
  bool shared = false;   // its counters are also those of an earlier one with the same ports
  int64_t start_ns = 0, last_ns = 0, read_ns = 0;
  uint64_t packets_forth = 0, packets_back = 0, bytes_forth = 0, bytes_back = 0;
  uint32_t data_forth = 0, data_back = 0;    // packets with data that were recorded
  uint64_t known_forth = 0, known_back = 0;  // their payload, with what was cut off of it
  std::string told;                          // what the sinkhole and the parsers said of it, a line each
};

/// Which conversation an event belongs to. Both passes number them alike.
class FlowIndex {
 public:
  struct Found {
    size_t number = 0;
    bool fresh = false;  // this event begins it
    bool forth = false;  // it goes from who began it
  };
  /// Nothing for an event that is no flow's, or beyond the bound.
  std::optional<Found> of(const Event& event);
  uint64_t left_out() const { return left_out_; }  // events

 private:
  std::map<FlowKey, size_t> live_;
  size_t next_ = 0;
  uint64_t left_out_ = 0;
};

/// First pass.
class FlowBook {
 public:
  explicit FlowBook(const TraceHeader& header);
  void add(const Event& event);
  /// After the last event, once.
  void close();

  /// Whether the guest is the one who began it.
  bool guest_began(const Conversation& conversation) const;
  const std::vector<Conversation>& conversations() const { return conversations_; }
  const std::map<std::string, std::string>& names() const { return names_; }  // of addresses, as text
  uint64_t left_out() const { return index_.left_out() + told_left_out_; }

 private:
  void count(const Event& event, const FlowIndex::Found& found);
  void tell(const Event& event);
  void name(const Event& event);

  std::string guest_, guest6_;  // addresses, as bytes
  FlowIndex index_;
  int64_t run_end_ns_ = 0;            // the last that was heard of the guest
  std::map<FlowKey, size_t> latest_;  // whom what the sinkhole says is about
  std::vector<Conversation> conversations_;
  std::map<std::string, std::string> names_;
  size_t told_bytes_ = 0;
  uint64_t told_left_out_ = 0;
};

/// Second pass: the same events again. `sink` takes the file's bytes as they come; its error ends the
/// writing.
class PcapngWriter {
 public:
  using Sink = std::function<Status(std::string_view)>;
  PcapngWriter(const TraceHeader& header, const FlowBook& book, Sink sink);  // `book` is borrowed
  PcapngWriter(PcapngWriter&&) noexcept;
  ~PcapngWriter();
  Status add(const Event& event);

  struct Counts {
    uint64_t packets = 0, conversations = 0;
    uint64_t left_out = 0;  // events that no packet can show, or beyond the bounds
  };
  Result<Counts> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay
