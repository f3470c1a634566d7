// A banner, and silence: a client that waits for our key exchange is a client that we have long enough.
#include "agent/sinkhole/protocols/ssh.h"

#include "agent/sinkhole/protocols/lines.h"

namespace assay::sinkhole {
namespace {

class Ssh : public LineConversation {
 public:
  std::string_view app() const override { return "ssh"; }

 protected:
  std::string banner(const Moment&) const override { return "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"; }
  void answer(std::string_view line, Moment& moment, std::string&) override {
    if (std::exchange(known_, true)) return;
    notes_.add(moment, app(), "version", "", line.substr(0, 255));
  }

 private:
  bool known_ = false;
};

}  // namespace

Match begins_ssh(std::string_view first, const Peer&) {
  constexpr std::string_view kStart = "SSH-";
  if (first.starts_with(kStart)) return Match::yes;
  return kStart.starts_with(first) ? Match::maybe : Match::no;
}

bool greets_ssh(const Peer& peer) { return !peer.tls && peer.dst_port == 22; }

std::unique_ptr<Conversation> open_ssh(Moment&) { return std::make_unique<Ssh>(); }

}  // namespace assay::sinkhole
