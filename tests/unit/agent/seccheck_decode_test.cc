// seccheck: the wire format by hand (so that a wrong field number shows), the bounds on hostile messages, and
// the configuration.
#include "agent/trace/seccheck_decode.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>

#include "agent/trace/seccheck_config.h"
#include "agent/trace/seccheck_socket.h"
#include "agent/trace/sockaddr.h"
#include "agent/trace/syscalls.h"
#include "common/paths.h"

namespace assay {
namespace {

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string number(int field, uint64_t value) {
  return varint(static_cast<uint64_t>(field) << 3) + varint(value);
}
std::string text(int field, const std::string& value) {
  return varint(static_cast<uint64_t>(field) << 3 | 2) + varint(value.size()) + value;
}

// ContextData of gVisor's common.proto.
std::string context(int pid, int tid) {
  return text(1, number(1, 1'000) + number(2, static_cast<uint64_t>(tid)) +
                     number(4, static_cast<uint64_t>(pid)) +
                     text(7, number(1, 5) + number(2, 33) + number(4, 6) + number(5, 44)) + text(8, "/srv") +
                     text(9, "httpd"));
}
std::string exit_of(uint64_t result, uint64_t error = 0) {
  return text(2, number(1, result) + number(2, error));
}

Event decoded(SeccheckDecoder& decoder, SeccheckType type, const std::string& message) {
  auto event = decoder.decode(static_cast<uint16_t>(type), message);
  EXPECT_TRUE(event) << event.error().what;
  EXPECT_TRUE(event->has_value());
  return **event;
}

TEST(SeccheckDecode, ContextNamesProcessUserAndPlace) {
  SeccheckDecoder decoder;
  Event e = decoded(decoder, SeccheckType::raw,
                    context(7, 8) + exit_of(0) + number(4, 87) + number(5, 0x1000) + number(10, 6));
  EXPECT_EQ(e.kind, EventKind::syscall);
  EXPECT_EQ(e.call, "unlink");
  EXPECT_EQ(e.args, (std::array<uint64_t, 6>{0x1000, 0, 0, 0, 0, 6}));
  EXPECT_EQ(e.time_ns, 1000);
  EXPECT_EQ(e.pid, 7);
  EXPECT_EQ(e.tid, 8);
  EXPECT_EQ(e.uid, 33u);
  EXPECT_EQ(e.gid, 44u);
  EXPECT_EQ(e.cwd, "/srv");
  EXPECT_EQ(e.comm, "httpd");
}

TEST(SeccheckDecode, EnterHalfOfARawCallTellsNothing) {
  SeccheckDecoder decoder;
  auto event = decoder.decode(6, context(7, 7) + number(4, 87));
  ASSERT_TRUE(event);
  EXPECT_FALSE(event->has_value());
  EXPECT_EQ(decoded(decoder, SeccheckType::raw, context(7, 7) + number(4, 44) + number(5, 3)).fd, 3)
      << "but for sendto, of which it is all";
}

TEST(SeccheckDecode, FailedCallHasErrnoAndMinusOne) {
  SeccheckDecoder decoder;
  Event e = decoded(decoder, SeccheckType::open,
                    context(7, 7) + exit_of(0, 13) + number(3, 257) + number(4, static_cast<uint64_t>(-100)) +
                        text(6, "../etc/shadow") + number(7, 2));
  EXPECT_EQ(e.call, "openat");
  EXPECT_EQ(e.error, 13);
  EXPECT_EQ(e.result, -1);
  EXPECT_EQ(e.path, "/etc/shadow");
  EXPECT_EQ(e.data, "../etc/shadow");
  EXPECT_EQ(e.fd, AT_FDCWD);
  EXPECT_EQ(e.fd_path, "");
  EXPECT_EQ(e.flags, 2u);
}

TEST(SeccheckDecode, ModeOfAnOpenCountsOnlyWhereAFileIsCreated) {
  SeccheckDecoder decoder;
  auto open = [&](uint64_t flags) {
    return context(7, 7) + exit_of(3) + number(3, 2) + text(6, "/a") + number(7, flags) + number(8, 0644);
  };
  EXPECT_EQ(decoded(decoder, SeccheckType::open, open(O_CREAT)).mode, 0644u);
  EXPECT_EQ(decoded(decoder, SeccheckType::open, open(0)).mode, 0u);
}

TEST(SeccheckDecode, PipesAndPairsTellTheirDescriptors) {
  SeccheckDecoder decoder;
  Event pipe = decoded(
      decoder, SeccheckType::pipe,
      context(7, 8) + exit_of(0) + number(3, 293) + number(4, O_CLOEXEC) + number(5, 3) + number(6, 4));
  EXPECT_EQ(pipe.kind, EventKind::syscall);
  EXPECT_EQ(pipe.call, "pipe2");
  EXPECT_EQ(pipe.args, (std::array<uint64_t, 6>{3, 4, O_CLOEXEC, 0, 0, 0}));
  EXPECT_EQ(pipe.result, 0);
  Event pair = decoded(decoder, SeccheckType::socketpair,
                       context(7, 8) + exit_of(0) + number(3, 53) + number(4, AF_UNIX) +
                           number(5, SOCK_STREAM) + number(7, 20) + number(8, 21));
  EXPECT_EQ(pair.call, "socketpair");
  EXPECT_EQ(pair.args, (std::array<uint64_t, 6>{20, 21, SOCK_STREAM, AF_UNIX, 0, 0}));
}

TEST(SeccheckDecode, SocketKindIsRememberedForConnectAcrossForkAndDup) {
  SeccheckDecoder decoder;
  decoded(decoder, SeccheckType::socket,
          context(7, 7) + exit_of(3) + number(3, 41) + number(4, AF_INET) + number(5, SOCK_DGRAM));
  decoded(decoder, SeccheckType::dup, context(7, 7) + exit_of(9) + number(3, 32) + number(4, 3));
  decoded(decoder, SeccheckType::clone, context(7, 7) + number(3, 20) + number(4, 20));
  std::string address("\x02\x00\x00\x35\x08\x08\x08\x08\x00\x00\x00\x00\x00\x00\x00\x00", 16);
  Event e = decoded(decoder, SeccheckType::connect,
                    context(20, 20) + exit_of(0) + number(3, 42) + number(4, 9) + text(6, address));
  EXPECT_EQ(e.proto, "udp");
  EXPECT_EQ(e.dst_addr, "8.8.8.8");
  EXPECT_EQ(e.dst_port, 53u);
  EXPECT_EQ(e.fd, 9);
}

TEST(SeccheckDecode, CyclicAncestryEnds) {
  SeccheckDecoder decoder;
  decoded(decoder, SeccheckType::clone, context(7, 7) + number(3, 20) + number(4, 20));
  decoded(decoder, SeccheckType::clone, context(20, 20) + number(3, 7) + number(4, 7));
  EXPECT_EQ(decoded(decoder, SeccheckType::connect, context(7, 7) + exit_of(0) + number(4, 9)).proto, "");
}

TEST(SeccheckDecode, ExitOfTheFirstProcessComesFromTaskExitAndOfOthersFromTheirParentsNotice) {
  SeccheckDecoder decoder;
  decoded(decoder, SeccheckType::start, context(1, 1) + text(2, "id") + text(3, "/") + text(4, "/bin/sh"));
  auto nothing = [&](SeccheckType type, const std::string& message) {
    auto event = decoder.decode(static_cast<uint16_t>(type), message);
    return event && !event->has_value();
  };
  EXPECT_TRUE(nothing(SeccheckType::task_exit, context(5, 5) + number(2, 0x300)));
  EXPECT_TRUE(nothing(SeccheckType::task_exit, context(1, 9)));
  EXPECT_TRUE(nothing(SeccheckType::exit_notify, context(1, 1)));
  EXPECT_EQ(decoded(decoder, SeccheckType::exit_notify, context(5, 5) + number(2, 0x300)).result, 3);
  EXPECT_EQ(decoded(decoder, SeccheckType::task_exit, context(1, 1) + number(2, 9)).result, 128 + 9);
}

TEST(SeccheckDecode, HugeListsAreCutAndCounted) {
  SeccheckDecoder decoder;
  std::string message = context(7, 7) + text(2, "/bin/x");
  for (int i = 0; i < 300; ++i) message += text(3, "arg");
  message += text(4, std::string(100'000, 'e'));
  Event e = decoded(decoder, SeccheckType::exec, message);
  EXPECT_EQ(e.argv.size(), kMaxItems);
  ASSERT_EQ(e.env.size(), 1u);
  EXPECT_EQ(e.env[0].size(), kMaxItemBytes);
  EXPECT_EQ(e.truncated, 44u * 4 + (100'000 - kMaxItemBytes));
}

TEST(SeccheckDecode, HashIsTakenWhereTheSentryGivesOne) {
  SeccheckDecoder decoder;
  EXPECT_EQ(
      decoded(decoder, SeccheckType::exec, context(7, 7) + text(2, "/x") + text(8, std::string(32, '\xab')))
          .sha256.substr(0, 4),
      "abab");
  EXPECT_EQ(decoded(decoder, SeccheckType::exec, context(7, 7) + text(2, "/x") + text(8, "short")).sha256,
            "");
}

TEST(SeccheckDecode, UnknownTypesAndDamagedMessagesAreErrors) {
  SeccheckDecoder decoder;
  EXPECT_FALSE(decoder.decode(9, ""));
  EXPECT_FALSE(decoder.decode(65535, "abc"));
  EXPECT_FALSE(decoder.decode(6, "\xff\xff\xff"));
}

TEST(SeccheckDecode, MutatedMessagesNeverBreakBounds) {
  std::mt19937 random(7);
  const std::string seeds[] = {
      context(7, 8) + exit_of(0) + number(4, 87) + number(5, 0x1000),
      context(7, 7) + text(2, "/bin/x") + text(3, "a") + text(4, "b=c"),
      context(7, 7) + exit_of(3) + number(3, 42) + number(4, 9) + text(6, std::string(30, '\x02'))};
  SeccheckDecoder decoder;
  for (int round = 0; round < 30'000; ++round) {
    std::string bytes = seeds[random() % 3];
    for (auto n = random() % 6; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    auto event = decoder.decode(static_cast<uint16_t>(random() % 36), bytes);
    if (!event || !event->has_value()) continue;
    EXPECT_LE((**event).path.size(), kMaxPathBytes * 2);
    EXPECT_LE((**event).argv.size(), kMaxItems);
  }
}

TEST(SeccheckHeader, SizesOutOfBoundsAreRefused) {
  EXPECT_FALSE(SeccheckHeader::parse("short"));
  EXPECT_FALSE(SeccheckHeader::parse(std::string("\x04\x00\x01\x00\x00\x00\x00\x00", 8)));
  EXPECT_FALSE(SeccheckHeader::parse(std::string("\x09\x00\x01\x00\x00\x00\x00\x00", 8)));
  auto header = SeccheckHeader::parse(std::string("\x08\x00\x03\x00\x02\x01\x00\x00", 8));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->type, 3);
  EXPECT_EQ(header->dropped, 0x102u);
}

TEST(SeccheckConfig, PointsThatRunscDoesNotOfferAreLeftOutAndNamed) {
  auto offered = parse_trace_metadata(
      "POINTS (3)\n"
      "Name: container/start, optional fields: [env], context fields: [time|thread_id|credentials]\n"
      "Name: syscall/sysno/87/enter, optional fields: [], context fields: [time|cwd]\n"
      "Name: syscall/sysno/87/exit, optional fields: [], context fields: [time|cwd]\n"
      "SINKS (1)\nName: remote\n");
  ASSERT_TRUE(offered);
  EXPECT_EQ(offered->size(), 3u);
  auto config = make_seccheck_config(*offered, "/run/x.sock");
  EXPECT_EQ(config.points, 3u);
  auto json = nlohmann::json::parse(config.json)["trace_session"];
  EXPECT_EQ(
      json["points"][0].dump(),
      R"({"context_fields":["time","thread_id","credentials"],"name":"container/start","optional_fields":["env"]})");
  EXPECT_EQ(json["points"][1]["name"], "syscall/sysno/87/enter");
  EXPECT_EQ(json["points"][2].dump(),
            R"({"context_fields":["time"],"name":"syscall/sysno/87/exit","optional_fields":[]})")
      << "without strings of the guest's choice, for which gVisor might drop it";
  EXPECT_EQ(config.calls, std::vector<std::string>{"unlink"});
  EXPECT_EQ(json["sinks"][0]["config"]["endpoint"], "/run/x.sock");
  EXPECT_NE(std::find(config.missing.begin(), config.missing.end(), "sentry/execve"), config.missing.end());
}

TEST(SeccheckConfig, RuntimeWithoutTracePointsIsUnsupported) {
  auto offered = parse_trace_metadata("unknown command");
  ASSERT_FALSE(offered);
  EXPECT_EQ(offered.error().code, Errc::unsupported);
}

TEST(Sockaddr, FamiliesAreDecodedAndShortOnesAreNot) {
  auto inet6 = parse_sockaddr(std::string("\x0a\x00\x01\xbb\x00\x00\x00\x00", 8) + std::string(15, '\0') +
                              "\x01" + std::string(4, '\0'));
  EXPECT_EQ(inet6.addr, "::1");
  EXPECT_EQ(inet6.port, 443u);
  EXPECT_EQ(parse_sockaddr(std::string("\x01\x00\x00hidden", 9)).path, "@hidden");
  EXPECT_EQ(parse_sockaddr(std::string("\x01\x00/run/x\x00junk", 13)).path, "/run/x");
  EXPECT_EQ(parse_sockaddr(std::string("\x01\x00", 2)).path, "");
  EXPECT_EQ(parse_sockaddr(std::string("\x10\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00", 12)).family,
            "netlink");
  EXPECT_EQ(parse_sockaddr(std::string("\x11\x00\x00\x03\x02\x00\x00\x00", 8)).family, "packet");
  EXPECT_EQ(parse_sockaddr(std::string("\x02\x00\x00", 3)).family, "family_2");
  EXPECT_EQ(parse_sockaddr("x").family, "");
}

TEST(Syscalls, NamesAndNumbersAgree) {
  EXPECT_EQ(syscall_name(257), "openat");
  EXPECT_EQ(syscall_name(400), "syscall_400");
  EXPECT_EQ(syscall_name(1u << 20), "syscall_1048576");
  EXPECT_EQ(syscall_number("process_vm_writev"), 311);
  EXPECT_EQ(syscall_number("no_such_call"), -1);
}

}  // namespace
}  // namespace assay
