// A few short messages, then the target's own conversation.
#include "agent/sinkhole/protocols/socks.h"

#include <algorithm>
#include <optional>

#include "agent/sinkhole/protocols/frames.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kMaxBytes = 1024;  // longer than any message
constexpr char kConnect = 1, kNoAuth = 0, kPasswordAuth = 2, kNoneAcceptable = '\xff';
constexpr char kV4 = 1, kDomain = 3, kV6 = 4;

class Socks : public Conversation {
 public:
  explicit Socks(Moment& moment) : peer_(moment.peer) {}
  std::string_view app() const override { return version_ == 4 ? "socks4" : "socks5"; }
  std::string hear(std::string_view bytes, Moment& moment) override {
    std::string out;
    held_ += bytes;
    while (!done_ && !closing_ && step(moment, out)) {
    }
    if (!done_ && held_.size() > kMaxBytes) closing_ = true;
    return out;
  }
  bool closing() const override { return closing_; }
  bool hands_over(std::string& rest) override {
    if (!std::exchange(done_, false)) return false;
    rest = std::exchange(held_, {});
    return true;
  }

 private:
  enum class Awaits { greeting, password, request };
  bool step(Moment& moment, std::string& out);  // false: more bytes are needed
  bool greeting(std::string& out);
  bool password(Moment& moment, std::string& out);
  bool request(Moment& moment, std::string& out);
  bool version4(Moment& moment, std::string& out);
  void connect(Moment& moment, const std::string& host, std::optional<Address> address, uint16_t port);

  const Peer peer_;  // the proxy
  std::string held_;
  Awaits awaits_ = Awaits::greeting;
  int version_ = 5;
  bool done_ = false, closing_ = false;
};

bool Socks::step(Moment& moment, std::string& out) {
  if (held_.empty()) return false;
  if (awaits_ == Awaits::password) return password(moment, out);
  if (awaits_ == Awaits::request) return request(moment, out);
  if (held_[0] == 4) return version4(moment, out);
  return greeting(out);
}

bool Socks::greeting(std::string& out) {
  if (held_.size() < 2) return false;
  size_t size = 2u + static_cast<uint8_t>(held_[1]);
  if (held_.size() < size) return false;
  std::string_view methods = std::string_view(held_).substr(2, size - 2);
  bool open = methods.find(kNoAuth) != std::string_view::npos,
       secret = methods.find(kPasswordAuth) != std::string_view::npos;
  closing_ = !open && !secret;
  // A password is evidence: we ask for it where there is one.
  awaits_ = secret ? Awaits::password : Awaits::request;
  out += std::string("\x05") + (secret ? kPasswordAuth : open ? kNoAuth : kNoneAcceptable);
  held_.erase(0, size);
  return true;
}

bool Socks::password(Moment& moment, std::string& out) {
  if (held_.size() < 2) return false;
  size_t name = static_cast<uint8_t>(held_[1]);
  if (held_.size() < 3 + name) return false;
  size_t secret = static_cast<uint8_t>(held_[2 + name]);
  if (held_.size() < 3 + name + secret) return false;
  moment.told.push_back(
      said(app(), "login", held_.substr(2, name), held_.substr(3 + name, secret), moment.peer));
  out += std::string("\x01\0", 2);
  held_.erase(0, 3 + name + secret);
  awaits_ = Awaits::request;
  return true;
}

// `address` is none for a name.
void Socks::connect(Moment& moment, const std::string& host, std::optional<Address> address, uint16_t port) {
  moment.told.push_back(said(app(), "CONNECT", host + ":" + std::to_string(port), "", peer_));
  moment.peer.dst = address ? *address : Address::v4(moment.scene.names.address_of(host));
  moment.peer.dst_port = port;
  moment.peer.host = host;
  if (address)
    if (const std::string* name = moment.scene.names.name_of(*address)) moment.peer.host = *name;
  done_ = true;
}

bool Socks::request(Moment& moment, std::string& out) {
  if (held_.size() < 5) return false;
  char type = held_[3];
  size_t length = type == kV4 ? 4 : type == kV6 ? 16 : 1u + static_cast<uint8_t>(held_[4]);
  if (held_.size() < 4 + length + 2) return false;
  std::string_view address = std::string_view(held_).substr(4, length);
  auto port = static_cast<uint16_t>(number_be(std::string_view(held_).substr(4 + length, 2)));
  bool known = held_[0] == 5 && held_[1] == kConnect && (type == kV4 || type == kV6 || type == kDomain);
  // "Succeeded", or "command not supported", bound to nowhere in particular.
  out += std::string("\x05", 1) + (known ? '\0' : '\x07') + std::string("\0\x01\0\0\0\0\0\0", 8);
  closing_ = !known;
  if (type == kDomain) {
    if (known) connect(moment, std::string(address.substr(1)), std::nullopt, port);
  } else {
    Address to;
    if (type == kV4) to = Address::v4(number_be(address));
    if (type == kV6) std::copy(address.begin(), address.end(), to.bytes.begin());
    if (known) connect(moment, to.text(), to, port);
  }
  held_.erase(0, 4 + length + 2);
  return true;
}

bool Socks::version4(Moment& moment, std::string& out) {
  version_ = 4;
  if (held_.size() < 9) return false;
  size_t user_end = held_.find('\0', 8);
  if (user_end == std::string::npos) return false;
  auto port = static_cast<uint16_t>(number_be(std::string_view(held_).substr(2, 2)));
  uint32_t address = number_be(std::string_view(held_).substr(4, 4));
  bool by_name = address != 0 && address < 256;  // 4a: 0.0.0.x, and a name
  size_t end = by_name ? held_.find('\0', user_end + 1) : user_end;
  if (end == std::string::npos) return false;
  if (user_end > 8)
    moment.told.push_back(said(app(), "login", held_.substr(8, user_end - 8), "", moment.peer));
  closing_ = held_[1] != kConnect;
  out += std::string(1, '\0') + (closing_ ? '\x5b' : '\x5a') + std::string(6, '\0');
  if (!closing_ && by_name)
    connect(moment, held_.substr(user_end + 1, end - user_end - 1), std::nullopt, port);
  if (!closing_ && !by_name) connect(moment, Address::v4(address).text(), Address::v4(address), port);
  held_.erase(0, end + 1);
  return true;
}

}  // namespace

Match begins_socks(std::string_view first, const Peer&) {
  if (first[0] == 4) {  // CONNECT or BIND, a port, an address
    if (first.size() > 1 && first[1] != 1 && first[1] != 2) return Match::no;
    return first.size() < 9 ? Match::maybe : Match::yes;
  }
  if (first[0] != 5) return Match::no;
  if (first.size() < 2) return Match::maybe;
  // As many methods as it says, each a known one; the client now waits for us.
  size_t count = static_cast<uint8_t>(first[1]);
  std::string_view methods = first.substr(2, count);
  bool plausible = count > 0 && count <= 16 &&
                   std::all_of(methods.begin(), methods.end(), [](char c) { return c >= 0 && c < 10; });
  if (!plausible) return Match::no;
  return methods.size() < count ? Match::maybe : Match::yes;
}

std::unique_ptr<Conversation> open_socks(Moment& moment) { return std::make_unique<Socks>(moment); }

}  // namespace assay::sinkhole
