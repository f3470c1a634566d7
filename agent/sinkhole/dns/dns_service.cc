// The bridge between dns, which is pure packets, and what a scan has to know of them.
#include "agent/sinkhole/dns/dns_service.h"

#include <utility>

#include "agent/sinkhole/talk.h"

namespace assay::sinkhole {
namespace {

constexpr uint16_t kPort = 53, kTlsPort = 853;
constexpr size_t kMaxAnswerBytes = 384 * 1024;   // at once; queries that are left wait for the next bytes
constexpr size_t kMaxMessageBytes = 65'535 + 2;  // with its length

class DnsTalk : public Conversation {
 public:
  std::string_view app() const override { return "dns"; }
  bool closing() const override { return closing_; }
  std::string hear(std::string_view bytes, Moment& moment) override {
    std::string out;
    buffer_ += bytes;
    size_t at = 0;
    while (buffer_.size() - at >= 2 && out.size() < kMaxAnswerBytes) {
      size_t length =
          static_cast<size_t>(static_cast<uint8_t>(buffer_[at])) << 8 | static_cast<uint8_t>(buffer_[at + 1]);
      if (buffer_.size() - at - 2 < length) break;
      std::string_view message = std::string_view(buffer_).substr(at + 2, length);
      at += 2 + length;
      std::string reply = answer_name_query(message, moment.scene, moment.wall_ns, moment.told).packet;
      if (reply.empty()) continue;
      out += static_cast<char>(reply.size() >> 8);
      out += static_cast<char>(reply.size());
      out += reply;
    }
    buffer_.erase(0, at);
    closing_ = buffer_.size() > kMaxMessageBytes;  // it sends without listening
    return out;
  }

 private:
  std::string buffer_;  // an unfinished message
  bool closing_ = false;
};

// The question section is a name, a type and a class.
void tell_tokens(const DnsQuestion& question, Scene& scene, std::vector<Report>& told) {
  std::string_view name = std::string_view(question.wire).substr(0, question.wire.size() - 4);
  std::string_view domain = registrable_domain(question.name);
  for (const lure::TokenHit& hit : scene.tunnels.note(scene.finder, domain, name)) {
    Peer peer;
    peer.host = domain;
    Report report = token_sent(hit, scene, peer);
    report.app = "dns";
    told.push_back(std::move(report));
  }
}

}  // namespace

DnsReply answer_name_query(std::string_view packet, Scene& scene, int64_t wall_ns,
                           std::vector<Report>& told) {
  Zone zone{scene.names, scene.dga, scene.lures.persona, wall_ns};
  DnsReply reply = answer_dns(packet, zone);
  if (!reply.question) return reply;
  Report report;
  report.kind = ReportKind::dns;
  report.time_ns = wall_ns;
  report.name = reply.question->name;
  report.query_type = dns_type_name(reply.question->type);
  report.rcode = reply.rcode;
  report.answers = reply.answers;
  report.bytes_in = reply.packet.size();
  told.push_back(std::move(report));
  tell_tokens(*reply.question, scene, told);
  return reply;
}

// A message's length is below 4 KiB; anything printable is not.
Match begins_dns(std::string_view first, const Peer& peer) {
  bool port = peer.tls ? peer.dst_port == kTlsPort : peer.dst_port == kPort;
  if (!port || !peer.socket.empty() || first.empty()) return Match::no;
  return static_cast<uint8_t>(first[0]) < 0x10 ? Match::yes : Match::no;
}

std::unique_ptr<Conversation> open_dns(Moment& /*moment*/) { return std::make_unique<DnsTalk>(); }

}  // namespace assay::sinkhole
