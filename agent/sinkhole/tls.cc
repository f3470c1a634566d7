// Refused, with an alert.
#include "agent/sinkhole/tls.h"

namespace assay::sinkhole {
namespace {

// Fatal, handshake_failure (RFC 8446 section 6): the client learns at once and goes on to what it does
// without TLS.
constexpr std::string_view kTlsAlert("\x15\x03\x01\x00\x02\x02\x28", 7);

class Refusal : public Conversation {
 public:
  std::string_view app() const override { return "tls"; }
  std::string hear(std::string_view, Moment&) override {
    if (std::exchange(closing_, true)) return "";
    return std::string(kTlsAlert);
  }
  bool closing() const override { return closing_; }

 private:
  bool closing_ = false;
};

}  // namespace

Match begins_tls(std::string_view first, const Peer&) {
  if (first[0] != 0x16) return Match::no;
  if (first.size() < 2) return Match::maybe;
  return first[1] == 0x03 ? Match::yes : Match::no;
}

std::unique_ptr<Conversation> open_tls(Moment&) { return std::make_unique<Refusal>(); }

}  // namespace assay::sinkhole
