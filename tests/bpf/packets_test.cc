// The flows program on single packets that a well-behaved guest does not send: IPv6, fragments, lying
// lengths, reused ports. Run by BPF_PROG_TEST_RUN: the real program in the kernel, without a network.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/farm_event.h"
#include "bpf/flows.skel.h"
#include "tests/bpf/chamber.h"

namespace assay {
namespace {

std::string be16(unsigned n) { return {static_cast<char>(n >> 8), static_cast<char>(n)}; }
std::string be32(unsigned n) { return be16(n >> 16) + be16(n & 0xffff); }
std::string ethernet(unsigned type) { return std::string(12, '\x02') + be16(type); }
std::string tcp(unsigned src, unsigned dst, unsigned seq, char flags, const std::string& data = "") {
  return be16(src) + be16(dst) + be32(seq) + be32(0) + '\x50' + flags + be16(1000) + be32(0) + data;
}
std::string ipv4(char proto, const std::string& body, unsigned fragment = 0, int lie = 0) {
  return ethernet(0x0800) + std::string("\x45\x00", 2) +
         be16(static_cast<unsigned>(20 + static_cast<int>(body.size()) + lie)) + be16(7) + be16(fragment) +
         '\x40' + proto + be16(0) + "\x0a\x01\x02\x03" + "\xcb\x01\x71\x09" + body;
}
std::string ipv6(char proto, const std::string& body) {
  return ethernet(0x86dd) + std::string("\x60\x00\x00\x00", 4) + be16(static_cast<unsigned>(body.size())) +
         proto + '\x40' + "\x20\x01" + std::string(13, '\0') + '\x02' + "\x20\x01" + std::string(13, '\0') +
         '\x09' + body;
}
constexpr char kSyn = 2, kFin = 1, kRst = 4, kPush = 24;

class Program {
 public:
  Program() : skeleton_(flows_bpf__open_and_load()) {}
  ~Program() {
    ring_buffer__free(ring_);
    flows_bpf__destroy(skeleton_);
  }
  bool ok() const { return skeleton_ != nullptr; }
  void packet(std::string bytes, bool out = true) {
    bytes.resize(std::max<size_t>(bytes.size(), 60));  // as Ethernet pads
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = bytes.data(),
                .data_size_in = static_cast<__u32>(bytes.size()));
    auto* program = out ? skeleton_->progs.farm_flows_out : skeleton_->progs.farm_flows_in;
    ASSERT_EQ(bpf_prog_test_run_opts(bpf_program__fd(program), &opts), 0);
    EXPECT_EQ(static_cast<int>(opts.retval), -1) << "every packet goes its way";
  }
  /// "type data" of each record so far.
  std::string records() {
    if (ring_ == nullptr)
      ring_ = ring_buffer__new(bpf_map__fd(skeleton_->maps.ring), on_record, this, nullptr);
    ring_buffer__consume(ring_);
    return std::move(records_);
  }
  /// "proto guest_port>peer_port packets bytes" of each flow in the table.
  std::string table() {
    std::string out;
    int fd = bpf_map__fd(skeleton_->maps.flows);
    farm_flow_key key, next;
    farm_flow flow;
    for (void* at = nullptr; bpf_map_get_next_key(fd, at, &next) == 0; at = &key) {
      key = next;
      bpf_map_lookup_elem(fd, &key, &flow);
      out += std::to_string(key.proto) + " " + std::to_string(key.guest_port) + ">" +
             std::to_string(key.peer_port) + " " + std::to_string(flow.packets[0] + flow.packets[1]) + " " +
             std::to_string(flow.bytes[0] + flow.bytes[1]) + ";";
    }
    return out;
  }

 private:
  static int on_record(void* self, void* data, size_t size) {
    auto* head = static_cast<farm_flow_record*>(data);
    auto& out = static_cast<Program*>(self)->records_;
    out += head->type == FARM_FLOW_START ? "start " : head->type == FARM_FLOW_END ? "end " : "payload ";
    EXPECT_EQ(size, sizeof *head + head->data_len);
    if (head->type == FARM_FLOW_PAYLOAD)
      out += std::to_string(head->offset) + ":" +
             std::string(reinterpret_cast<char*>(head + 1), std::min<size_t>(head->data_len, 8)) + "/" +
             std::to_string(head->data_full) + " ";
    return 0;
  }
  flows_bpf* skeleton_;
  ring_buffer* ring_ = nullptr;
  std::string records_;
};

TEST(Packets, Ipv6ConversationIsOneFlow) {
  ASSAY_REQUIRE_HOST();
  Program program;
  ASSERT_TRUE(program.ok());
  program.packet(ipv6(6, tcp(4000, 80, 100, kSyn)));
  program.packet(ipv6(6, tcp(4000, 80, 101, kPush, "hello")));
  program.packet(ipv6(6, tcp(4000, 80, 106, kFin)));
  EXPECT_EQ(program.records(), "start payload 0:hello/5 ");
  EXPECT_EQ(program.table(), "6 4000>80 3 185;");
}

TEST(Packets, PaddingIsNoPayload) {
  ASSAY_REQUIRE_HOST();
  Program program;
  program.packet(ipv4(6, tcp(4000, 80, 100, kSyn)));
  program.packet(ipv4(6, tcp(4000, 80, 101, kPush, "a")));
  EXPECT_EQ(program.records(), "start payload 0:a/1 ");
  EXPECT_EQ(program.table(), "6 4000>80 2 81;");
}

TEST(Packets, LaterFragmentsAndOtherProtocolsHaveNoPorts) {
  ASSAY_REQUIRE_HOST();
  Program program;
  program.packet(ipv4(17, std::string("\x0f\xa0\x00\x35tail", 8), 100));
  EXPECT_EQ(program.records(), "start ");
  EXPECT_EQ(program.table(), "17 0>0 1 28;");
  Program other;
  other.packet(ipv4(47, "gre"));
  EXPECT_EQ(other.table(), "47 0>0 1 23;");
}

TEST(Packets, LyingLengthsStayWithinThePacket) {
  ASSAY_REQUIRE_HOST();
  Program program;
  program.packet(ipv4(6, tcp(4000, 80, 100, kSyn, std::string(40, 'x')), 0, 20'000));
  EXPECT_EQ(program.table(), "6 4000>80 1 80;");
  std::string doff = tcp(4000, 81, 100, kPush);
  doff[12] = '\xf0';
  program.packet(ipv4(6, doff));
  program.packet(ethernet(0x0800) + "\x4f");
  program.packet(ethernet(0x86dd) + "\x60");
  program.packet(ethernet(0x0806) + "arp");
  auto records = program.records();
  EXPECT_EQ(records.substr(0, 5), "start");
}

TEST(Packets, NeighbourDiscoveryIsLeftOut) {
  ASSAY_REQUIRE_HOST();
  Program program;
  program.packet(ipv6(58, '\x87' + std::string(23, '\0')));
  program.packet(ipv6(58, '\x88' + std::string(23, '\0')), false);
  program.packet(ipv6(0, std::string("\x3a\0\5\2\0\0\1\0", 8) + '\x8f' + std::string(27, '\0')));
  EXPECT_EQ(program.table(), "");
}

TEST(Packets, EchoIsAFlowWithItsPayload) {
  ASSAY_REQUIRE_HOST();
  Program program;
  program.packet(ipv4(1, std::string("\x08\0\0\0\0\7\0\1", 8) + "stolen"));
  program.packet(ipv4(1, std::string("\0\0\0\0\0\7\0\1", 8) + "echoed"), false);
  EXPECT_EQ(program.records(), "start payload 0:stolen/6 start payload 0:echoed/6 ");
  Program six;
  six.packet(ipv6(58, std::string("\x80\0\0\0\0\7\0\1", 8) + "stolen"));
  EXPECT_EQ(six.records(), "start payload 0:stolen/6 ");
  EXPECT_EQ(six.table(), "58 0>0 1 54;");
}

TEST(Packets, ExtensionHeadersHideNothing) {
  ASSAY_REQUIRE_HOST();
  const std::string options = std::string("\x06\0\1\4\0\0\0\0", 8);  // then TCP
  for (char header : {'\x00', '\x2b', '\x3c'}) {
    Program program;
    program.packet(ipv6(header, options + tcp(4000, 80, 101, kPush, "hidden")));
    EXPECT_EQ(program.records(), "start payload 101:hidden/6 ") << int{header};
    EXPECT_EQ(program.table(), "6 4000>80 1 74;") << int{header};
  }
  Program fragments;
  fragments.packet(
      ipv6(44, std::string("\x11\0\0\1\0\0\0\1", 8) + be16(4000) + be16(80) + be32(0) + "first"));
  fragments.packet(ipv6(44, std::string("\x11\0\1\0\0\0\0\1", 8) + "later fragment"));
  EXPECT_EQ(fragments.records(), "start payload 0:first/5 start ");
  Program endless;  // more of them than are looked behind: a flow still, by what stands there
  std::string chain;
  for (int i = 0; i < 8; ++i) chain += std::string("\x3c\0\1\4\0\0\0\0", 8);
  endless.packet(ipv6(60, chain));
  EXPECT_EQ(endless.table(), "60 0>0 1 104;");
}

TEST(Packets, FirstFourDataPacketsAreRecordedAndAllOfDns) {
  ASSAY_REQUIRE_HOST();
  Program program;
  for (unsigned i = 0; i < 6; ++i)
    program.packet(ipv4(17, be16(4000) + be16(9000) + be16(12) + be16(0) + "data"));
  EXPECT_EQ(program.records(), "start payload 0:data/4 payload 0:data/4 payload 0:data/4 payload 0:data/4 ");
  for (unsigned i = 0; i < 6; ++i)
    program.packet(ipv4(17, be16(4000) + be16(53) + be16(12) + be16(0) + "dns!"));
  auto records = program.records();
  EXPECT_EQ(std::count(records.begin(), records.end(), '!'), 6);
}

TEST(Packets, SamePortsAgainAreANewConversation) {
  ASSAY_REQUIRE_HOST();
  Program program;
  program.packet(ipv4(6, tcp(4000, 80, 100, kSyn)));
  program.packet(ipv4(6, tcp(4000, 80, 101, kRst)));
  program.packet(ipv4(6, tcp(4000, 80, 900, kSyn)));
  program.packet(ipv4(6, tcp(4000, 80, 901, kPush, "again")));
  program.packet(ipv4(6, tcp(4000, 80, 906, kRst)));
  EXPECT_EQ(program.records(), "start end start payload 0:again/5 end ");
}

}  // namespace
}  // namespace assay
