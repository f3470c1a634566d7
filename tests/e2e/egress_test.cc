// A guest that is let out: into namespaces that stand for the internet, where everything that is to be
// refused would answer. The guest's side is dialled from here; its scan by the whole program comes last.
#include "agent/egress.h"

#include <algorithm>
#include <map>
#include <set>

#include "agent/sandbox.h"
#include "tests/e2e/assay.h"
#include "tests/e2e/internet.h"

namespace assay::internet {
namespace {

struct Target {
  const char* address;
  const char* reason;
};
// Every one of them answers on port 80, in the internet or on the agent's host.
constexpr Target kRefused[] = {
    {"10.9.9.9", "private"},
    {"100.64.1.1", "private"},
    {"172.18.3.3", "private"},
    {"192.168.77.1", "private"},
    {"fd77::1", "private"},
    {"169.254.7.7", "link_local"},
    {"169.254.169.254", "metadata"},
    {"100.100.100.200", "metadata"},
    {"fd00:ec2::254", "metadata"},
    {"198.18.5.5", "reserved"},
    {"64:ff9b::5db8:d822", "reserved"},
    {"2002:5db8:d822::1", "reserved"},
    {"172.17.0.9", "neighbour"},
    {"fd00:172:17::9", "neighbour"},
    {kHost4, "farm"},
    {kHost6, "farm"},
    {"93.184.215.1", "farm"},
    {"93.184.217.7", "farm"},
};
constexpr const char* kOwnLoopback = "127.0.0.1";

std::vector<std::string> elsewhere() {
  std::vector<std::string> out;
  for (const Target& target : kRefused)
    if (std::string(target.address).find("93.184.215") == std::string::npos && target.address != kHost6)
      out.emplace_back(target.address);
  return out;
}

EgressLimits limits() {
  EgressLimits out;
  out.allowed = true;
  out.dns = {"93.184.216.54", kNameServer};  // nobody is at the first
  out.refuse = {"93.184.217.0/24"};
  return out;
}

// Everything that a guest would have, but for the guest: its end of the link is ours to dial from.
class EgressRun : public ::testing::Test {
 protected:
  void SetUp() override {
    auto host = check_host();
    ASSAY_NEED(host, "a host that can scan: " + host.error().what);
    auto made = Internet::make(elsewhere());
    ASSERT_TRUE(made) << made.error().what;
    internet_.emplace(std::move(*made));
    there_.emplace(internet_->net());
    here_.emplace(internet_->host());
  }
  /// `act` runs in the guest's namespace, while the forwarder lives.
  void run(const EgressLimits& limits, const std::function<void()>& act) {
    Status done = in_net_ns(internet_->host(), [&]() -> Status {
      ASSAY_TRY(Network network, Network::create());
      ASSAY_TRY(Egress egress, Egress::start(network, lure::Lures{}, limits, 0));
      std::atomic<bool> acting{true};
      std::thread guest([&] {
        Status in = in_net_ns(network.guest_ns(), [&]() -> Status {
          act();
          return Status();
        });
        EXPECT_TRUE(in) << in.error().what;
        acting = false;
      });
      auto keep = [&](std::vector<Event> more) {
        for (Event& event : more) events_.push_back(std::move(event));
      };
      while (acting) {
        pollfd more{egress.fd(), POLLIN, 0};
        ::poll(&more, 1, 20);
        keep(egress.take());
      }
      guest.join();
      keep(egress.finish());
      count_ = egress.count();
      limits_ = egress.limits();
      return Status();
    });
    ASSERT_TRUE(done) << done.error().what;
    EXPECT_TRUE(count_.attached) << count_.detail;
    EXPECT_EQ(count_.lost, 0u);
  }
  /// "PROTO ADDRESS:PORT WHY" of events of a kind.
  std::multiset<std::string> told(EventKind kind) const {
    std::multiset<std::string> out;
    for (const Event& event : events_)
      if (event.kind == kind)
        out.insert(event.proto + " " + event.dst_addr + ":" + std::to_string(event.dst_port) + " " +
                   event.call);
    return out;
  }
  const LimitHit* hit(const std::string& limit) const {
    for (const LimitHit& each : limits_)
      if (each.limit == limit) return &each;
    return nullptr;
  }

  std::optional<Internet> internet_;
  std::optional<Servers> there_, here_;
  std::vector<Event> events_;
  SourceCount count_;
  std::vector<LimitHit> limits_;
};

std::string ask(const std::string& server, int type, milliseconds patience = milliseconds(3000)) {
  std::string query("\x12\x34\x01\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1", 29);
  if (type == SOCK_STREAM) query = std::string("\0\x1d", 2) + query;
  Fd fd = dial(type, server, 53);
  if (!fd || !say(fd.get(), query)) return "no connection";
  std::string answer = read_all(fd.get(), patience, type == SOCK_STREAM ? 47 : 45);
  if (answer.ends_with('?')) answer.pop_back();
  return answer.size() < 4 ? "no answer" : answer.substr(answer.size() - 4);
}

std::string echo(const std::string& address, const std::string& text, size_t expected) {
  Fd fd = dial(SOCK_DGRAM, address, 7);  // connected: an answer from elsewhere would not be heard
  if (!fd || !say(fd.get(), text)) return "no socket";
  return read_all(fd.get(), milliseconds(2000), expected);
}

TEST_F(EgressRun, ReachesPublicHostsByNameOverBothFamiliesAndBothProtocols) {
  const std::string public4("\x5d\xb8\xd8\x22", 4);
  std::map<std::string, std::string> got;
  run(limits(), [&] {
    got["web4"] = get(kPublic4, "/");
    got["web6"] = get(kPublic6, "/");
    got["names tcp"] = ask("172.17.0.1", SOCK_STREAM);
    got["names of its own choice"] = ask(kNameServer, SOCK_DGRAM);
    got["udp4"] = echo(kPublic4, "ping", 4);
    got["udp6"] = echo(kPublic6, "pong", 4);
    got["fragments4"] = echo(kPublic4, "big 9000", 9000);
    got["fragments6"] = echo(kPublic6, "big 9000", 9000);
    Fd half = dial(SOCK_STREAM, kPublic4, 80);
    say(half.get(), "12345");
    ::shutdown(half.get(), SHUT_WR);
    got["after its end"] = read_all(half.get());
    Fd closed = dial(SOCK_STREAM, kPublic4, 81);
    got["nobody there"] = closed ? read_all(closed.get()) : "!";
  });
  EXPECT_EQ(got["web4"], "hello");
  EXPECT_EQ(got["web6"], "hello");
  EXPECT_EQ(got["names tcp"], public4);
  EXPECT_EQ(got["names of its own choice"], public4);
  EXPECT_EQ(got["udp4"], "ping");
  EXPECT_EQ(got["udp6"], "pong");
  EXPECT_EQ(got["fragments4"], std::string(9000, 'b'));
  EXPECT_EQ(got["fragments6"], std::string(9000, 'b'));
  EXPECT_EQ(got["after its end"], "heard 5");
  EXPECT_EQ(got["nobody there"], "!") << "a reset";
  EXPECT_TRUE(told(EventKind::refused).empty()) << *told(EventKind::refused).begin();
  auto sessions = told(EventKind::session);
  EXPECT_TRUE(sessions.contains("tcp " + std::string(kPublic6) + ":80 closed"));
  EXPECT_TRUE(sessions.contains("tcp " + std::string(kPublic4) + ":81 unanswered"));
  EXPECT_TRUE(sessions.contains("udp " + std::string(kPublic4) + ":7 closed"));
  for (const Event& event : events_)
    if (event.dst_port == 7 && event.dst_addr == kPublic4 && event.bytes_in > 4) {
      EXPECT_EQ(event.bytes_in, 9000u);
      EXPECT_EQ(event.bytes_out, 8u);
    }
  EXPECT_TRUE(limits_.empty());
}

TEST_F(EgressRun, NamesAreAskedOfTheNextResolverWhereOneIsSilent) {
  std::string first;
  std::vector<std::string> answers;
  run(limits(), [&] {
    first = ask("172.17.0.1", SOCK_DGRAM, milliseconds(1200));
    answers.push_back(ask("172.17.0.1", SOCK_DGRAM));
    answers.push_back(ask("fd00:172:17::1", SOCK_DGRAM));
    answers.push_back(ask("fd00:172:17::1", SOCK_STREAM));
  });
  EXPECT_EQ(first, "no answer");
  for (const std::string& answer : answers) EXPECT_EQ(answer, std::string("\x5d\xb8\xd8\x22", 4));
}

TEST_F(EgressRun, RefusesWhatWouldAnswerAndSaysWhy) {
  std::string control, reached;
  Status looked = in_net_ns(internet_->host(), [&]() -> Status {
    for (const Target& target : kRefused)
      if (get(target.address, "/") != "hello") control += std::string(target.address) + " ";
    if (get(kOwnLoopback, "/") != "hello") control += kOwnLoopback;
    return Status();
  });
  ASSERT_TRUE(looked);
  ASSERT_EQ(control, "") << "these do not answer at all: nothing would be proved";

  std::multiset<std::string> expected;
  run(limits(), [&] {
    std::vector<Fd> tries;
    for (const Target& target : kRefused)
      for (int type : {SOCK_STREAM, SOCK_DGRAM}) {
        uint16_t port = type == SOCK_STREAM ? 80 : 7;
        Fd fd(::socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_in6 to = address_of(target.address, port);
        (void)::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to);
        if (type == SOCK_DGRAM) say(fd.get(), "ping");
        tries.push_back(std::move(fd));
        // Of the guest's own subnet nobody answers who has that address: no packet is sent.
        bool on_link = std::string(target.reason) == "neighbour";
        if (!on_link)
          expected.insert((type == SOCK_STREAM ? "tcp " : "udp ") + std::string(target.address) + ":" +
                          std::to_string(port) + " " + target.reason);
      }
    for (const char* gateway : {"172.17.0.1", "fd00:172:17::1"}) {
      tries.push_back(dial(SOCK_STREAM, gateway, 80, milliseconds(50)));
      expected.insert("tcp " + std::string(gateway) + ":80 neighbour");
    }
    std::this_thread::sleep_for(milliseconds(300));
    for (Fd& fd : tries) {
      char byte;
      sockaddr_in6 peer{};
      socklen_t size = sizeof peer;
      int type = 0;
      socklen_t type_size = sizeof type;
      if (!fd) continue;
      ::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &type_size);
      bool connected =
          type == SOCK_STREAM && ::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&peer), &size) == 0;
      if (connected || ::recv(fd.get(), &byte, 1, MSG_DONTWAIT) >= 0) reached += "one ";
    }
    if (get(kPublic4, "/") != "hello") reached += "and the public host is not";
  });
  EXPECT_EQ(reached, "");
  EXPECT_EQ(told(EventKind::refused), expected);
  EXPECT_NE(count_.detail.find("metadata"), std::string::npos) << count_.detail;
}

TEST_F(EgressRun, PingsAndOtherProtocolsAreNotForwarded) {
  run(limits(), [&] {
    Fd ping(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    ::inet_pton(AF_INET, kPublic4, &to.sin_addr);
    const char request[] = {8, 0, '\xf7', '\xff', 0, 0, 0, 0};
    ::sendto(ping.get(), request, sizeof request, 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
    Fd gre(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_GRE));
    ::sendto(gre.get(), "tunnel", 6, 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
    EXPECT_EQ(get(kPublic4, "/"), "hello");
  });
  auto refused = told(EventKind::refused);
  EXPECT_TRUE(refused.contains("icmp " + std::string(kPublic4) + ":0 protocol"));
  EXPECT_TRUE(refused.contains("ip_47 " + std::string(kPublic4) + ":0 protocol"));
}

TEST_F(EgressRun, BytesEndAtTheCapAndNothingGoesOutAfterwards) {
  EgressLimits few = limits();
  few.caps.bytes = 1 << 20;
  size_t got = 0;
  std::string after;
  run(few, [&] {
    got = get(kPublic4, "/big").size();
    after = get(kPublic4, "/") + echo(kPublic4, "ping", 4);
  });
  EXPECT_LE(got, few.caps.bytes);
  EXPECT_GE(got, few.caps.bytes / 2);
  EXPECT_EQ(after.find("hello"), std::string::npos);
  EXPECT_EQ(after.find("ping"), std::string::npos);
  EXPECT_TRUE(told(EventKind::refused).contains("tcp " + std::string(kPublic4) + ":80 bytes"));
  EXPECT_TRUE(told(EventKind::session).contains("tcp " + std::string(kPublic4) + ":80 cut"));
  ASSERT_NE(hit("bytes"), nullptr);
  EXPECT_GE(hit("bytes")->times, 2u);
}

TEST_F(EgressRun, TheRateSlowsADownloadDown) {
  EgressLimits slow = limits();
  slow.caps.bytes = 3 << 20;
  slow.caps.bytes_per_second = 2 << 20;
  auto begun = std::chrono::steady_clock::now();
  size_t got = 0;
  run(slow, [&] { got = get(kPublic4, "/big").size(); });
  auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
  EXPECT_GE(got, slow.caps.bytes / 2);
  // Two megabytes a second and a burst of a quarter of that; whatever the machine does, it is not faster.
  EXPECT_GE(took.count(), static_cast<int64_t>((got - (512 << 10)) * 1000 / slow.caps.bytes_per_second) - 50);
  ASSERT_NE(hit("rate"), nullptr);
  EXPECT_TRUE(told(EventKind::refused).contains("tcp " + std::string(kPublic4) + ":80 rate"));
}

TEST_F(EgressRun, ConnectionsAtOnceAreCapped) {
  EgressLimits few = limits();
  few.caps.connections = 3;
  std::string seen;
  run(few, [&] {
    std::vector<Fd> open;
    for (int i = 0; i < 3; ++i) {
      open.push_back(dial(SOCK_STREAM, kPublic4, 80));
      say(open.back().get(), "GET /hold HTTP/1.0\r\n\r\n");
    }
    std::this_thread::sleep_for(milliseconds(100));
    for (int i = 0; i < 2; ++i) seen += get(kPublic4, "/") + ";";
    open.pop_back();  // closed: room for another, as soon as the server has closed, too
    for (int i = 0; i < 50 && get(kPublic4, "/") != "hello"; ++i)
      std::this_thread::sleep_for(milliseconds(50));
    seen += get(kPublic4, "/");
  });
  EXPECT_EQ(seen.substr(seen.rfind(';') + 1), "hello");
  EXPECT_EQ(seen.find("hello"), seen.rfind(';') + 1) << seen;
  EXPECT_TRUE(told(EventKind::refused).contains("tcp " + std::string(kPublic4) + ":80 connections"));
  ASSERT_NE(hit("connections"), nullptr);
  EXPECT_GE(hit("connections")->times, 2u);
}

TEST_F(EgressRun, LeavesNothingBehindAndTouchesNothingOfTheHost) {
  auto state = [&] {
    std::string out;
    for (auto words : std::vector<std::vector<std::string>>{
             {"ip", "-o", "link"}, {"ip", "route"}, {"ip", "-6", "route"}, {"ip", "rule"}}) {
      Command command;
      command.argv = words;
      command.net_ns_fd = internet_->host();
      auto output = assay::run(std::move(command), seconds(10));
      out += output ? output->out : output.error().what;
    }
    auto forwarding = in_net_ns(internet_->host(), [&]() -> Status {
      ASSAY_TRY(std::string text, read_file("/proc/sys/net/ipv4/ip_forward", 16));
      out += text;
      return Status();
    });
    return out;
  };
  auto before = e2e::leftovers();
  std::string was = state();
  // A link that was just made is told of its carrier a moment later.
  for (int i = 0; i < 100 && was.find("NO-CARRIER") != std::string::npos; ++i, was = state())
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  run(limits(), [&] { EXPECT_EQ(get(kPublic4, "/"), "hello"); });
  EXPECT_EQ(state(), was);
  EXPECT_EQ(e2e::left_behind(before), std::set<std::string>{});
}

// The whole program, in the namespace of a host with a way out.
TEST(EgressScan, ReportsWhatTheGuestReachedAndWhatItWasRefused) {
  ASSAY_NEEDS_HOST();
  ASSAY_NEED(std::filesystem::exists(e2e::image("egress")), "the image egress: tests/images/build egress");
  auto internet = Internet::make(elsewhere());
  ASSERT_TRUE(internet) << internet.error().what;
  Servers there(internet->net()), here(internet->host());
  TempDir temp;
  ASSERT_TRUE(write_file(temp.path() / "resolv.conf", std::string("nameserver ") + kNameServer + "\n"));
  auto before = e2e::leftovers();
  Command command;
  command.net_ns_fd = internet->host();
  command.argv = {"unshare",
                  "--mount",
                  "sh",
                  "-c",
                  "mount --bind \"$1\" /etc/resolv.conf && shift && exec \"$@\"",
                  "sh",
                  temp.path() / "resolv.conf",
                  e2e::bin("assay"),
                  "scan",
                  "oci-archive:" + e2e::image("egress").string(),
                  "--network",
                  "egress",
                  "--duration",
                  "8s",
                  "--no-provoke",
                  "--format",
                  "json",
                  "--keep-trace",
                  temp.path() / "trace",
                  "--data",
                  temp.path() / "data"};
  auto output = assay::run(command, seconds(120), 64 << 20);
  ASSERT_TRUE(output) << output.error().what;
  auto report = nlohmann::json::parse(output->out, nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << output->err;
  Command dump;
  dump.argv = {e2e::bin("assay"), "trace", temp.path() / "trace", "--format", "json"};
  auto trace = assay::run(dump, seconds(60), 64 << 20);
  ASSERT_TRUE(trace) << trace.error().what;
  for (const char* line :
       {"www.example.com 93.184.216.34: hello", "www.example.com 2606:2800:220:1::1: hello", "done"})
    EXPECT_NE(trace->out.find(line), std::string::npos) << line;
  for (const char* address : {"169.254.169.254", "169.254.7.7", "10.9.9.9", "192.168.77.1", "172.17.0.1",
                              "93.184.215.2", "fd00:ec2::254", "fd77::1", "198.18.5.5"})
    EXPECT_NE(trace->out.find("inside " + std::string(address) + ": Connection refused"), std::string::npos)
        << address;
  auto rules = e2e::rules(report);
  EXPECT_TRUE(rules.contains("6d0c3f4e-2f0b-5b7e-9a63-6a1c2f7b8d10")) << "metadata";
  EXPECT_TRUE(report.value("/completeness/complete"_json_pointer, false)) << report["completeness"].dump(1);
  EXPECT_EQ(e2e::left_behind(before), std::set<std::string>{});
}

}  // namespace
}  // namespace assay::internet
