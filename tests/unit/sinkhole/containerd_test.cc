// gRPC calls as containerd's clients make them, by nghttp2's own client.
#include "agent/sinkhole/protocols/containerd.h"

#include <nghttp2/nghttp2.h>

#include <cstring>
#include <random>

#include "tests/unit/sinkhole/site_kit.h"

namespace assay::sinkhole {
namespace {

class Client {
 public:
  Client() {
    nghttp2_session_callbacks* callbacks = nullptr;
    ::nghttp2_session_callbacks_new(&callbacks);
    ::nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame*, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* self) {
          auto text = [](const uint8_t* from, size_t size) {
            return std::string(reinterpret_cast<const char*>(from), size);
          };
          static_cast<Client*>(self)->headers += text(name, name_size) + "=" + text(value, value_size) + "\n";
          return 0;
        });
    ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, uint8_t, int32_t, const uint8_t* data, size_t size, void* self) {
          static_cast<Client*>(self)->body.append(reinterpret_cast<const char*>(data), size);
          return 0;
        });
    ::nghttp2_session_client_new(&session_, callbacks, this);
    ::nghttp2_session_callbacks_del(callbacks);
    ::nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Client() { ::nghttp2_session_del(session_); }
  void call(const std::string& path) {
    auto header = [](const char* name, const std::string& value) {
      return nghttp2_nv{reinterpret_cast<uint8_t*>(const_cast<char*>(name)),
                        reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), std::strlen(name),
                        value.size(), NGHTTP2_NV_FLAG_NONE};
    };
    const std::string post = "POST", http = "http", host = "localhost";
    nghttp2_nv fields[] = {header(":method", post), header(":scheme", http), header(":authority", host),
                           header(":path", path)};
    nghttp2_data_provider provider{{.ptr = nullptr},
                                   [](nghttp2_session*, int32_t, uint8_t* to, size_t, uint32_t* flags,
                                      nghttp2_data_source*, void*) -> ssize_t {
                                     std::memset(to, 0, 5);
                                     *flags |= NGHTTP2_DATA_FLAG_EOF;
                                     return 5;
                                   }};
    EXPECT_GT(::nghttp2_submit_request(session_, nullptr, fields, 4, &provider, nullptr), 0);
  }
  std::string to_send() {
    std::string out;
    const uint8_t* data = nullptr;
    for (ssize_t n; (n = ::nghttp2_session_mem_send(session_, &data)) > 0;)
      out.append(reinterpret_cast<const char*>(data), static_cast<size_t>(n));
    return out;
  }
  void hear(const std::string& bytes) {
    EXPECT_EQ(
        ::nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()),
        static_cast<ssize_t>(bytes.size()));
  }
  std::string headers, body;

 private:
  nghttp2_session* session_ = nullptr;
};

class ContainerdTest : public SiteTest {
 protected:
  Moment moment() { return {scene_, peer_, kNow * 1'000'000'000, told_}; }
  void SetUp() override { peer_.socket = "containerd.sock"; }
};

TEST_F(ContainerdTest, IsKnownByItsSocketAndHttp2sPreface) {
  EXPECT_EQ(begins_containerd("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0", peer_), Match::yes);
  EXPECT_EQ(begins_containerd("PRI", peer_), Match::maybe);
  EXPECT_EQ(begins_containerd("GET / HTTP/1.1\r\n", peer_), Match::no);
  EXPECT_EQ(begins_containerd("PRI", Peer{}), Match::no);
}

TEST_F(ContainerdTest, ListsAContainerWithItsPasswordAndLetsEveryOtherCallSucceed) {
  auto now = moment();
  auto conversation = open_containerd(now);
  Client client;
  client.call("/containerd.services.containers.v1.Containers/List");
  // Byte by byte: frames may be cut anywhere.
  for (char c : client.to_send()) client.hear(conversation->hear(std::string(1, c), now));
  EXPECT_EQ(client.headers, ":status=200\ncontent-type=application/grpc\ngrpc-status=0\n");
  EXPECT_NE(client.body.find(token("containerd_socket:/run/containerd/containerd.sock").text),
            std::string::npos);
  ASSERT_EQ(told_.size(), 2u);
  EXPECT_EQ(told_[0].app, "containerd");
  EXPECT_EQ(told_[0].path, "/containerd.services.containers.v1.Containers/List");
  EXPECT_EQ(told_[0].data, std::string(5, '\0'));
  EXPECT_EQ(tokens(), "served containerd_socket:/run/containerd/containerd.sock\n");
  client.headers.clear();
  client.body.clear();
  client.call("/containerd.services.tasks.v1.Tasks/Create");
  client.hear(conversation->hear(client.to_send(), now));
  EXPECT_EQ(client.headers, ":status=200\ncontent-type=application/grpc\ngrpc-status=0\n");
  EXPECT_EQ(client.body, std::string(5, '\0'));
  EXPECT_FALSE(conversation->closing());
}

TEST_F(ContainerdTest, SurvivesDamagedFrames) {
  std::mt19937 random(11);
  Client client;
  for (int i = 0; i < 3; ++i) client.call("/containerd.services.containers.v1.Containers/List");
  const std::string good = client.to_send();
  for (int round = 0; round < 3000; ++round) {
    auto now = moment();
    auto conversation = open_containerd(now);
    std::string bad = good;
    for (int i = 0; i < 4; ++i) bad[24 + random() % (bad.size() - 24)] = static_cast<char>(random());
    for (size_t at = 0; at < bad.size() && !conversation->closing(); at += 40)
      EXPECT_LE(conversation->hear(bad.substr(at, 40), now).size(), 1u << 20);
  }
}

}  // namespace
}  // namespace assay::sinkhole
