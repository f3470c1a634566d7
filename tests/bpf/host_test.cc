// The host plane: witness, flows and usage, caused inside a real runsc, with all fields of their events.
#include "tests/bpf/guest_run.h"

namespace assay {
namespace {

std::string hex(std::string_view text) { return to_hex(text); }

void expect_flow(const Event& e, const std::string& proto, bool from_guest, uint32_t port,
                 const std::string& peer = "203.0.113.9") {
  EXPECT_EQ(e.plane, Plane::host) << event_json(e);
  EXPECT_EQ(e.source, Source::flows);
  EXPECT_EQ(e.proto, proto);
  EXPECT_EQ(e.pid, 0);
  EXPECT_EQ(from_guest ? e.src_addr : e.dst_addr, "172.17.0.2");
  EXPECT_EQ(from_guest ? e.dst_addr : e.src_addr, peer);
  EXPECT_EQ(from_guest ? e.dst_port : e.src_port, port);
  EXPECT_GT(from_guest ? e.src_port : e.dst_port, 1023u);
  EXPECT_GT(e.time_ns, 0);
}

Event witnessed(const GuestRun& run, const std::string& call) {
  Event e = run.find(EventKind::syscall, call, Source::witness);
  EXPECT_EQ(e.plane, Plane::host);
  EXPECT_GT(e.host_tid, 0);
  EXPECT_GT(e.time_ns, 0);
  return e;
}

TEST(Witness, ReadsPathsAndDataFromTheGuest) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"files"});
  Event open = witnessed(run, "openat");
  EXPECT_EQ(open.path, "/tmp/a");
  EXPECT_EQ(open.fd, AT_FDCWD);
  EXPECT_EQ(open.args[2], static_cast<uint64_t>(O_CREAT | O_WRONLY));
  Event write = witnessed(run, "write");
  EXPECT_EQ(write.data, "secret words");
  EXPECT_EQ(write.fd, 3);
  EXPECT_EQ(write.args[2], 12u);
  EXPECT_EQ(write.truncated, 0u);
  Event rename = witnessed(run, "rename");
  EXPECT_EQ(rename.path, "/tmp/a");
  EXPECT_EQ(rename.path2, "/tmp/b");
  EXPECT_EQ(rename.pid, 1) << "joined with the guest plane's event";
  EXPECT_EQ(rename.comm, "guest");
  EXPECT_EQ(witnessed(run, "chmod").path, "/tmp/b");
  EXPECT_EQ(witnessed(run, "chmod").args[1], 04755u);
  EXPECT_EQ(witnessed(run, "unlink").path, "/tmp/c");
  EXPECT_EQ(witnessed(run, "symlink").path2, "/tmp/d");
  EXPECT_EQ(run.count(Source::witness).lost, 0u);
}

TEST(Witness, SeesDangerousCallsWithTheirArguments) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"danger"});
  Event mount = witnessed(run, "mount");
  EXPECT_EQ(mount.path, "proc");
  EXPECT_EQ(mount.path2, "/mnt");
  EXPECT_EQ(witnessed(run, "memfd_create").path, "payload");
  EXPECT_EQ(witnessed(run, "unshare").args[0], static_cast<uint64_t>(CLONE_NEWUSER));
  EXPECT_EQ(witnessed(run, "setns").args[0], 0xffffffffu);
  EXPECT_EQ(witnessed(run, "bpf").args[0], 5u);
  EXPECT_EQ(witnessed(run, "ptrace").args[0], 0u);
  EXPECT_EQ(witnessed(run, "process_vm_writev").args[0], 77777u);
  EXPECT_EQ(witnessed(run, "init_module").path, "opts=1");
  EXPECT_EQ(witnessed(run, "writev").data, "gathered");
}

TEST(Witness, TellsOfLongWaitsForNothingWithTheirTimeAndProcess) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"sleeps"});
  EXPECT_EQ(run.status, 0);
  std::string seen;
  for (const auto& e : run.all(EventKind::syscall, Source::witness))
    if (e.duration_ns > 0) {
      seen += e.call + " " + std::to_string((e.duration_ns + 2'500'000'000) / 5'000'000'000 * 5) + "\n";
      EXPECT_EQ(e.pid, 1) << event_json(e);
      EXPECT_EQ(e.comm, "guest");
    }
  EXPECT_EQ(seen, "nanosleep 90\nclock_nanosleep 85\npselect6 80\nselect 70\npoll 60\n")
      << "not the short one, and not the one that waits for a pipe";
}

TEST(Witness, ReadsArgumentsOfExecve) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"exec", "/bin/guest"});
  Event e = witnessed(run, "execve");
  EXPECT_EQ(e.path, "/bin/guest");
  EXPECT_EQ(e.argv, (std::vector<std::string>{"renamed", "exit", "0"}));
  EXPECT_EQ(e.pid, 1);
}

TEST(Witness, ReadsTheAddressOfConnect) {
  ASSAY_REQUIRE_HOST();
  Event e = witnessed(run_guest({"tcp", "127.0.0.1", "9"}), "connect");
  EXPECT_EQ(e.fd, 3);
  EXPECT_EQ(e.dst_addr, "127.0.0.1");
  EXPECT_EQ(e.dst_port, 9u);
  EXPECT_EQ(e.proto, "tcp");
  EXPECT_EQ(e.pid, 1);
}

TEST(Witness, RepeatsBeyondTheBudgetAreLeftOutAndSaid) {
  ASSAY_REQUIRE_HOST();
  auto run =
      run_guest({"manyraw", "1000", "44"});  // sendto by way of syscall(2), which systrap does not patch
  uint64_t seen = 0;
  for (const auto& e : run.all(EventKind::syscall, Source::witness)) seen += e.call == "sendto";
  EXPECT_EQ(seen, 128u);
  EXPECT_EQ(run.count(Source::witness).lost, 0u);
  EXPECT_EQ(run.count(Source::witness).detail, "128 calls cross-checked; 872 repeats left out");
}

TEST(Flows, StartAndEndOfAConversationWithItsBytes) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"tcp", "203.0.113.9", "4444", hex("knock knock")}, {.network = true});
  Event start = run.find(EventKind::flow_start, "", Source::flows);
  expect_flow(start, "tcp", true, 4444);
  Event end = run.find(EventKind::flow_end, "", Source::flows);
  expect_flow(end, "tcp", true, 4444);
  EXPECT_EQ(end.src_port, start.src_port);
  // IP packets: headers of 20 and 20 to 40 bytes each, and 11 bytes of payload out, 16 in.
  EXPECT_GE(end.packets_out, 4u);
  EXPECT_GE(end.packets_in, 3u);
  EXPECT_GE(end.bytes_out, end.packets_out * 40 + 11);
  EXPECT_LE(end.bytes_out, end.packets_out * 60 + 11);
  EXPECT_GE(end.bytes_in, end.packets_in * 40 + 16);
  EXPECT_LE(end.bytes_in, end.packets_in * 60 + 16);
  EXPECT_GT(end.duration_ns, 0);
  EXPECT_GE(end.time_ns, start.time_ns + end.duration_ns);
  EXPECT_EQ(run.all(EventKind::flow_end, Source::flows).size(), 1u);
  EXPECT_EQ(run.count(Source::flows).lost, 0u);
  EXPECT_TRUE(run.count(Source::flows).required);
  EXPECT_TRUE(run.count(Source::flows).attached);
}

TEST(Flows, PayloadOfBothDirections) {
  ASSAY_REQUIRE_HOST();
  std::string large(3000, 'x');
  auto run = run_guest({"tcp", "203.0.113.9", "4444", hex("knock knock"), hex(large)}, {.network = true});
  auto payloads = run.all(EventKind::payload, Source::flows);
  ASSERT_GE(payloads.size(), 3u);
  expect_flow(payloads[0], "tcp", true, 4444);
  EXPECT_EQ(payloads[0].data, "knock knock");
  EXPECT_EQ(payloads[0].truncated, 0u);
  uint64_t large_bytes = 0;
  for (const auto& e : payloads)
    if (e.data.starts_with("xxx")) large_bytes += e.data.size() + e.truncated;
  EXPECT_EQ(large_bytes, 3000u) << "what is cut is counted";
  expect_flow(payloads.back(), "tcp", false, 4444);
  EXPECT_EQ(payloads.back().data, "world says hello");
}

TEST(Flows, DnsQuestionAndAnswer) {
  ASSAY_REQUIRE_HOST();
  std::string query(
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04Pool\x05miner\x04test\x00\x00\x01\x00\x01", 33);
  auto run = run_guest({"udp", "172.17.0.1", "53", hex(query)}, {.network = true});
  auto dns = run.all(EventKind::dns, Source::flows);
  ASSERT_EQ(dns.size(), 2u);
  expect_flow(dns[0], "udp", true, 53, "172.17.0.1");
  EXPECT_EQ(dns[0].call, "query");
  EXPECT_EQ(dns[0].name, "pool.miner.test");
  EXPECT_EQ(dns[0].query_type, "A");
  EXPECT_TRUE(dns[0].answers.empty());
  expect_flow(dns[1], "udp", false, 53, "172.17.0.1");
  EXPECT_EQ(dns[1].call, "response");
  EXPECT_EQ(dns[1].name, "pool.miner.test");
  EXPECT_EQ(dns[1].query_type, "A");
  EXPECT_EQ(dns[1].answers, std::vector<std::string>{"198.18.0.7"});
  EXPECT_EQ(dns[1].result, 0);
  Event end = run.find(EventKind::flow_end, "", Source::flows);
  expect_flow(end, "udp", true, 53, "172.17.0.1");
  EXPECT_EQ(end.packets_out, 1u);
  EXPECT_EQ(end.packets_in, 1u);
  EXPECT_EQ(end.bytes_out, 20u + 8u + 33u);
  EXPECT_EQ(end.bytes_in, 20u + 8u + 33u + 16u);
}

TEST(Flows, ServerNameOfATlsClient) {
  ASSAY_REQUIRE_HOST();
  // A ClientHello with one cipher suite and a server_name extension.
  std::string name = "c2.evil.test";
  auto u16 = [](size_t n) { return std::string{static_cast<char>(n >> 8), static_cast<char>(n)}; };
  std::string entry = std::string(1, '\0') + u16(name.size()) + name;
  std::string extension = u16(0) + u16(entry.size() + 2) + u16(entry.size()) + entry;
  std::string body = std::string("\x03\x03") + std::string(32, 'r') + std::string(1, '\0') + u16(2) +
                     "\x13\x01" + std::string("\x01\x00", 2) + u16(extension.size()) + extension;
  std::string hello = std::string("\x01\x00", 2) + u16(body.size()) + body;
  std::string record = "\x16\x03\x01" + u16(hello.size()) + hello;
  auto run = run_guest({"tcp", "203.0.113.9", "443", hex(record.substr(0, 30)), hex(record.substr(30))},
                       {.network = true});
  Event e = run.find(EventKind::tls, "", Source::flows);
  expect_flow(e, "tcp", true, 443);
  EXPECT_EQ(e.name, "c2.evil.test");
}

TEST(Flows, HttpRequest) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"tcp", "203.0.113.9", "80",
                        hex("GET /x.sh?a=1 HTTP/1.1\r\nUser-Agent: t\r\nHOST: evil.test:80\r\n\r\n")},
                       {.network = true});
  Event e = run.find(EventKind::http, "", Source::flows);
  expect_flow(e, "tcp", true, 80);
  EXPECT_EQ(e.call, "GET");
  EXPECT_EQ(e.path, "/x.sh?a=1");
  EXPECT_EQ(e.name, "evil.test:80");
}

TEST(Flows, WithoutNetworkAreNotRequired) {
  ASSAY_REQUIRE_HOST();
  auto count = run_guest({"exit", "0"}).count(Source::flows);
  EXPECT_FALSE(count.required);
  EXPECT_FALSE(count.attached);
  EXPECT_EQ(count.detail, "no network");
}

TEST(Usage, AgreesWithTheKernelsAccountOfTheCgroup) {
  ASSAY_REQUIRE_HOST();
  auto busy = run_guest({"burn", "1.0"});
  double sum = 0;
  for (const auto& e : busy.all(EventKind::usage, Source::usage)) sum += static_cast<double>(e.cpu_ns) / 1e9;
  // A second of wall time, of which a loaded machine may give less; the kernel's own account of the cgroup is
  // the measure.
  EXPECT_GT(sum, 0.3);
  EXPECT_NEAR(sum, static_cast<double>(busy.cgroup_cpu_ns) / 1e9, 0.15);
  auto samples = busy.all(EventKind::usage, Source::usage);
  ASSERT_GE(samples.size(), 2u);
  for (const auto& e : samples) {
    EXPECT_EQ(e.plane, Plane::host);
    EXPECT_GT(e.duration_ns, 0);
    EXPECT_LT(e.duration_ns, 5'000'000'000);
    EXPECT_LE(static_cast<int64_t>(e.cpu_ns),
              e.duration_ns * static_cast<int64_t>(std::thread::hardware_concurrency()) + 200'000'000);
  }
}

}  // namespace
}  // namespace assay
