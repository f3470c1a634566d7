// The second pass: packets, in the order of time.
#include "scheduler/export/pcapng.h"

#include <algorithm>
#include <queue>

#include "common/addresses.h"
#include "common/text.h"
#include "common/version.h"
#include "scheduler/export/pcapng_blocks.h"
#include "scheduler/export/pcapng_dns.h"
#include "scheduler/export/pcapng_packets.h"

namespace assay {

using namespace pcapng;

namespace {

constexpr size_t kNamesPerBlock = 500;
constexpr uint32_t kMaxUnseen = 1 << 20;  // of one event: beyond it `truncated` is no packet's
constexpr uint32_t kAllDataPackets = 4;   // as many of each direction are recorded (docs/events.md)
constexpr uint64_t kMaxGap = 1ull << 30;  // a sequence number goes round at four times that

std::string preamble(const TraceHeader& header) {
  return "Reconstructed by Assay from the flows recorded in scan " + printable(header.scan_id, 64) + " of " +
         printable(header.job.ref, 1024) +
         ". No packet was captured whole. As recorded: addresses, ports, times, the first 2047 bytes of each "
         "of "
         "the first 4 packets with data of a flow in each direction, counters, and of DNS over UDP what "
         "every "
         "message said. Made up: IP, TCP, UDP and ICMP headers, handshakes and ends of connections, sequence "
         "numbers, checksums, DNS ids and times to live. Bytes that were not recorded are missing from a "
         "packet's "
         "end or are a gap between segments; comments tell what is known of them.";
}

std::string counters(const Conversation& c) {
  if (!c.counted) return "Its counters were never read";
  return "IP packets counted: " + std::to_string(c.packets_forth) + " with " + std::to_string(c.bytes_forth) +
         " bytes from who began it, " + std::to_string(c.packets_back) + " with " +
         std::to_string(c.bytes_back) + " bytes back" +
         (c.shared ? " (together with earlier ones of the same ports)" : "");
}

// Payload of packets that were counted and not recorded: about, for a header's length is not known.
uint64_t gap(const Conversation& c, bool forth) {
  uint64_t packets = forth ? c.packets_forth : c.packets_back, bytes = forth ? c.bytes_forth : c.bytes_back;
  uint64_t headers = packets > kMaxGap ? kMaxGap : packets * (c.key.v6 ? 72 : 52) + 8;
  uint64_t known = forth ? c.known_forth : c.known_back;
  bool more = (forth ? c.data_forth : c.data_back) >= kAllDataPackets;
  if (!c.counted || c.shared || !more || bytes <= headers + known) return 0;
  return std::min(bytes - headers - known, kMaxGap);
}

struct Ends {
  uint32_t forth = 0, back = 0;  // next sequence numbers
  bool open = false;             // segments can follow
};

}  // namespace

struct PcapngWriter::State {
  TraceHeader header;
  const FlowBook& book;
  Sink sink;
  FlowIndex index;
  std::vector<Ends> ends;
  std::priority_queue<std::pair<int64_t, size_t>, std::vector<std::pair<int64_t, size_t>>, std::greater<>>
      due;
  Counts counts;
  bool begun = false;
  int64_t now_ns = 0;

  uint64_t wall(int64_t time_ns) const;
  Status begin();
  Status emit(const Conversation& c, bool forth, Made made, std::vector<std::string> comments);
  Status segment(size_t number, bool forth, uint8_t flags, std::vector<std::string> comments,
                 std::string_view seen = {}, uint32_t unseen = 0);
  Status open(size_t number);
  Status end(size_t number);
  Status end_until(int64_t time_ns);
  Status stream(size_t number, bool forth, const Event& event, std::vector<std::string> comments);
  Status dns(size_t number, bool forth, const Event& event, std::vector<std::string> comments);
};

uint64_t PcapngWriter::State::wall(int64_t time_ns) const {
  constexpr int64_t kMost = 1ll << 61;  // both together fit
  return static_cast<uint64_t>(std::clamp<int64_t>(header.start_time_ns, 0, kMost) +
                               std::clamp<int64_t>(time_ns, 0, kMost));
}

Status PcapngWriter::State::begin() {
  if (begun) return Status();
  begun = true;
  ASSAY_CHECK(sink(
      section_header(preamble(header), printable(header.kernel, 200), std::string("Assay ") + kVersion)));
  ASSAY_CHECK(
      sink(interface_description("guest", "the guest's link, as reconstructed; outbound: from the guest")));
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& [text, name] : book.names()) {
    auto address = IpAddress::parse(text);
    if (!address) continue;
    names.emplace_back(address->raw(), name);
    if (names.size() < kNamesPerBlock) continue;
    ASSAY_CHECK(sink(name_resolution(names)));
    names.clear();
  }
  return names.empty() ? Status() : sink(name_resolution(names));
}

Status PcapngWriter::State::emit(const Conversation& c, bool forth, Made made,
                                 std::vector<std::string> comments) {
  Packet packet;
  packet.time_ns = wall(now_ns);
  packet.bytes = std::move(made.bytes);
  packet.original_size = made.original_size;
  packet.outbound = book.guest_began(c) == forth;
  packet.comments = std::move(comments);
  ++counts.packets;
  return sink(enhanced_packet(packet));
}

Status PcapngWriter::State::segment(size_t number, bool forth, uint8_t flags,
                                    std::vector<std::string> comments, std::string_view seen,
                                    uint32_t unseen) {
  const Conversation& c = book.conversations()[number];
  Ends& e = ends[number];
  uint32_t& mine = forth ? e.forth : e.back;
  auto made = tcp_packet(forth ? c.key : c.key.turned(), flags, mine, forth ? e.back : e.forth, seen, unseen);
  mine += static_cast<uint32_t>(seen.size()) + unseen + (flags & (kSyn | kFin) ? 1 : 0);
  return emit(c, forth, std::move(made), std::move(comments));
}

// Its first packets, as far as they carry no data; what is told of it stands on the first.
Status PcapngWriter::State::open(size_t number) {
  const Conversation& c = book.conversations()[number];
  ++counts.conversations;
  if (c.key.protocol != 6) return Status();
  Ends& e = ends[number];
  auto first = static_cast<uint32_t>(number + 1) * 2654435761u;  // so that no two with the same ports are one
  e.forth = first;
  e.back = ~first;
  due.emplace(c.last_ns, number);
  if (!c.begun) {
    e.open = true;
    return Status();
  }
  std::vector<std::string> comments;
  if (!c.told.empty()) comments.push_back(c.told);
  bool data = c.data_forth + c.data_back > 0;
  bool refused = c.counted && !c.shared && c.packets_back == 1 && !data;
  if (!data && c.packets_back == 0) comments.push_back("Nothing answered it. " + counters(c));
  ASSAY_CHECK(segment(number, true, kSyn, std::move(comments)));
  if (refused)
    return segment(number, false, kRst | kAck, {"One packet came back, without data: taken for a refusal"});
  if (!data && c.packets_back == 0) return Status();
  e.open = true;
  ASSAY_CHECK(segment(number, false, kSyn | kAck, {}));
  return segment(number, true, kAck, {});
}

Status PcapngWriter::State::end(size_t number) {
  const Conversation& c = book.conversations()[number];
  Ends& e = ends[number];
  if (!e.open) return Status();
  e.open = false;
  std::string comment = counters(c);
  for (bool forth : {true, false}) {
    uint64_t missing = gap(c, forth);
    if (missing == 0) continue;
    (forth ? e.forth : e.back) += static_cast<uint32_t>(missing);
    comment += std::string("; about ") + std::to_string(missing) + " bytes of payload " +
               (forth ? "from who began it" : "back") + " were not recorded";
  }
  if (!c.closed) return segment(number, true, kAck, {comment + ". That it was closed was not recorded"});
  ASSAY_CHECK(
      segment(number, true, kFin | kAck, {comment + ". Closed by FIN or RST: which was not recorded"}));
  ASSAY_CHECK(segment(number, false, kFin | kAck, {}));
  return segment(number, true, kAck, {});
}

Status PcapngWriter::State::end_until(int64_t time_ns) {
  while (!due.empty() && due.top().first < time_ns) {
    auto [at, number] = due.top();
    due.pop();
    now_ns = std::max(now_ns, at);
    ASSAY_CHECK(end(number));
  }
  return Status();
}

// One recorded packet may have been many on the wire, joined by the sender's offloading: segments of usual
// size.
Status PcapngWriter::State::stream(size_t number, bool forth, const Event& event,
                                   std::vector<std::string> comments) {
  const Conversation& c = book.conversations()[number];
  size_t most = c.key.v6 ? kMaxSegmentBytes - 20 : kMaxSegmentBytes;
  auto unseen = static_cast<uint32_t>(std::min<uint64_t>(event.truncated, kMaxUnseen));
  std::string_view left = event.data;
  do {
    auto piece = left.substr(0, most);
    left.remove_prefix(piece.size());
    bool last = left.empty();
    uint32_t tail = last ? std::min(unseen, static_cast<uint32_t>(most - piece.size())) : 0;
    ASSAY_CHECK(segment(number, forth, last ? kPush | kAck : kAck, std::move(comments), piece, tail));
    comments.clear();
    unseen -= tail;
  } while (!left.empty());
  (forth ? ends[number].forth : ends[number].back) += unseen;  // the gap
  return Status();
}

Status PcapngWriter::State::dns(size_t number, bool forth, const Event& event,
                                std::vector<std::string> comments) {
  const Conversation& c = book.conversations()[number];
  if (c.key.protocol != 17) return Status();  // the stream's bytes are there
  auto message = dns_message(event);
  if (!message) {
    ++counts.left_out;
    return Status();
  }
  uint64_t missing = message->answers_left_out + event.truncated;
  comments.push_back("Written from what the message said" +
                     (missing == 0 ? "" : "; questions and answers left out: " + std::to_string(missing)));
  return emit(c, forth, udp_packet(forth ? c.key : c.key.turned(), message->bytes), std::move(comments));
}

PcapngWriter::PcapngWriter(const TraceHeader& header, const FlowBook& book, Sink sink)
    : state_(new State{header,
                       book,
                       std::move(sink),
                       {},
                       std::vector<Ends>(book.conversations().size()),
                       {},
                       {},
                       false,
                       0}) {}
PcapngWriter::PcapngWriter(PcapngWriter&&) noexcept = default;
PcapngWriter::~PcapngWriter() = default;

Status PcapngWriter::add(const Event& event) {
  State& s = *state_;
  ASSAY_CHECK(s.begin());
  auto found = s.index.of(event);
  if (!found || found->number >= s.ends.size()) return Status();
  ASSAY_CHECK(s.end_until(event.time_ns));
  s.now_ns = std::max(s.now_ns, event.time_ns);
  if (found->fresh) ASSAY_CHECK(s.open(found->number));
  if (event.kind != EventKind::payload && event.kind != EventKind::dns) return Status();
  const Conversation& c = s.book.conversations()[found->number];
  std::vector<std::string> comments;
  if (found->fresh) comments.push_back("Its beginning was not seen");
  if (!c.told.empty() && (found->fresh || (c.key.protocol != 6 && c.start_ns == event.time_ns)))
    comments.push_back(c.told);
  if (event.kind == EventKind::dns) return s.dns(found->number, found->forth, event, std::move(comments));
  if (event.truncated > 0)
    comments.push_back("Bytes of this packet that were not recorded: " + std::to_string(event.truncated));
  if (c.key.protocol == 6) return s.stream(found->number, found->forth, event, std::move(comments));
  auto unseen = static_cast<uint32_t>(std::min<uint64_t>(event.truncated, kMaxUnseen));
  FlowKey key = found->forth ? c.key : c.key.turned();
  bool udp = c.key.protocol == 17;
  return s.emit(
      c, found->forth,
      udp ? udp_packet(key, event.data, unseen) : echo_packet(key, !found->forth, event.data, unseen),
      std::move(comments));
}

Result<PcapngWriter::Counts> PcapngWriter::finish() {
  State& s = *state_;
  ASSAY_CHECK(s.begin());
  ASSAY_CHECK(s.end_until(INT64_MAX));
  s.counts.left_out += s.book.left_out();
  std::string comment = std::to_string(s.counts.conversations) +
                        " flows; left out for want of room, or because "
                        "no packet can show it: " +
                        std::to_string(s.counts.left_out) + " events";
  ASSAY_CHECK(s.sink(interface_statistics(s.wall(s.now_ns), s.counts.packets, comment)));
  return s.counts;
}

}  // namespace assay
