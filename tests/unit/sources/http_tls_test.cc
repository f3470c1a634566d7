// TLS with an authority of its own, and with certificates on both sides.
#include <gtest/gtest.h>

#include "sources/http.h"
#include "tests/unit/sources/servers.h"

namespace assay::sources {
namespace {

std::string shown(const Result<HttpReply>& reply) {
  if (!reply) return std::string(to_string(reply.error().code)) + ": " + reply.error().what;
  return std::to_string(reply->status) + " " + reply->body;
}

class HttpTlsTest : public ::testing::Test {
 protected:
  HttpTlsTest() { certificates_.sign("server"); }
  HttpAsk ask(const Served& server) const {
    HttpAsk out;
    out.url = server.url();
    return out;
  }
  static void hello(const httplib::Request&, httplib::Response& response) {
    response.set_content("hello", "text/plain");
  }

  TempDir dir_;
  Certificates certificates_{dir_.path()};
};

TEST_F(HttpTlsTest, AnAuthorityIsTrustedWhereItIsNamedOnly) {
  Served server(certificates_, "server");
  server->Get("/", hello);
  server.start();
  Http http;
  HttpAsk ask = HttpTlsTest::ask(server);
  std::string refused = shown(http.ask(ask));
  EXPECT_EQ(refused.substr(0, 18), "denied: 127.0.0.1:") << refused;
  EXPECT_NE(refused.find("certs.d"), std::string::npos);
  ask.tls.ca_files = {certificates_.ca()};
  EXPECT_EQ(shown(http.ask(ask)), "200 hello");
  // Neither the connection nor the TLS session that was let through serves who does not trust the authority.
  ask.tls.ca_files = {};
  EXPECT_EQ(shown(http.ask(ask)).substr(0, 7), "denied:");
  ask.tls.verify = false;
  EXPECT_EQ(shown(http.ask(ask)), "200 hello");
  ask.tls.verify = true;
  EXPECT_EQ(shown(http.ask(ask)).substr(0, 7), "denied:");
}

TEST_F(HttpTlsTest, NamedAuthoritiesComeBesideThoseOfTheHost) {
  Served server(certificates_, "server");
  server->Get("/", hello);
  server.start();
  std::filesystem::create_directory(dir_.path() / "other");
  Certificates other(dir_.path() / "other");
  ::setenv("SSL_CERT_FILE", certificates_.ca().c_str(), 1);
  Http http;
  HttpAsk ask = HttpTlsTest::ask(server);
  std::string by_host = shown(http.ask(ask));
  ask.tls.ca_files = {other.ca()};
  std::string beside = shown(http.ask(ask));
  ::unsetenv("SSL_CERT_FILE");
  EXPECT_EQ(by_host, "200 hello");
  EXPECT_EQ(beside, "200 hello");
  EXPECT_EQ(shown(http.ask(ask)).substr(0, 7), "denied:");
}

TEST_F(HttpTlsTest, AFileThatHoldsNoCertificateIsNamed) {
  Served server(certificates_, "server");
  server->Get("/", hello);
  server.start();
  Http http;
  HttpAsk ask = HttpTlsTest::ask(server);
  std::ofstream(dir_.path() / "bad.crt") << "nothing";
  ask.tls.ca_files = {dir_.path() / "bad.crt"};
  std::string error = shown(http.ask(ask));
  EXPECT_EQ(error.substr(0, 8), "invalid:") << error;
  EXPECT_NE(error.find("bad.crt"), std::string::npos) << error;
  ask.tls.ca_files = {dir_.path() / "none.crt"};
  EXPECT_EQ(shown(http.ask(ask)).substr(0, 10), "not_found:");
}

TEST_F(HttpTlsTest, WhoWantsACertificateIsShownOurs) {
  certificates_.sign("client");
  std::filesystem::create_directory(dir_.path() / "other");
  Certificates other(dir_.path() / "other");
  other.sign("client");
  Served server(certificates_, "server", certificates_.ca());
  server->Get("/", hello);
  server.start();
  Http http;
  HttpAsk ask = HttpTlsTest::ask(server);
  ask.tls.ca_files = {certificates_.ca()};
  std::string without = shown(http.ask(ask));
  // By a TLS alert, or, where the server resets the connection before the alert is read, by our guess.
  EXPECT_NE(without.find("want"), std::string::npos) << without;
  EXPECT_NE(without.find(" a client certificate"), std::string::npos) << without;
  ask.tls.client_cert = other.file("client.crt");
  ask.tls.client_key = other.file("client.key");
  std::string wrong = shown(http.ask(ask));
  EXPECT_NE(wrong.find("not accept the client certificate " + ask.tls.client_cert), std::string::npos)
      << wrong;
  ask.tls.client_cert = certificates_.file("client.crt");
  ask.tls.client_key = certificates_.file("client.key");
  EXPECT_EQ(shown(http.ask(ask)), "200 hello");
  ask.tls.client_key = other.file("client.key");
  EXPECT_EQ(shown(Http().ask(ask)).substr(0, 8), "invalid:");
}

TEST_F(HttpTlsTest, ACertificateForAnotherNameIsNotTrusted) {
  std::ofstream(dir_.path() / "ext") << "subjectAltName=DNS:elsewhere.example\n";
  certificates_.sign("other");
  Served server(certificates_, "other");
  server->Get("/", hello);
  server.start();
  HttpAsk ask = HttpTlsTest::ask(server);
  ask.tls.ca_files = {certificates_.ca()};
  EXPECT_EQ(shown(Http().ask(ask)).substr(0, 7), "denied:");
}

TEST_F(HttpTlsTest, PlainHttpBehindHttpsIsSaid) {
  Served plain;
  plain.start();
  HttpAsk ask;
  ask.url = "https://" + plain.host() + "/";
  EXPECT_EQ(shown(Http().ask(ask)).substr(0, 12), "unreachable:");
}

TEST_F(HttpTlsTest, NoRedirectLeavesTls) {
  Served plain;
  plain->Get("/", hello);
  plain.start();
  Served server(certificates_, "server");
  server->Get(
      "/", [&](const httplib::Request&, httplib::Response& response) { response.set_redirect(plain.url()); });
  server.start();
  HttpAsk ask = HttpTlsTest::ask(server);
  ask.tls.ca_files = {certificates_.ca()};
  ask.follow = true;
  EXPECT_EQ(shown(Http().ask(ask)).substr(0, 7), "denied:");
}

}  // namespace
}  // namespace assay::sources
