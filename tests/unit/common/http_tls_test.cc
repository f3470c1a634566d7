// The server by TLS, asked by curl and openssl, and by clients that keep no rules.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "common/http_server.h"
#include "common/process.h"
#include "tests/certificates.h"
#include "tests/http_talk.h"
#include "tests/support.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Secured : public testing::Test {
 protected:
  // Keys are drawn once for all tests.
  static void SetUpTestSuite() {
    certs_ = new TempDir;
    for (const char* name : {"ca", "other"}) ASSERT_TRUE(make_authority(certs_->path(), name));
    for (const char* name : {"server", "next"}) ASSERT_TRUE(make_certificate(certs_->path(), "ca", name));
    ASSERT_TRUE(make_certificate(certs_->path(), "ca", "client", "kube-apiserver"));
    ASSERT_TRUE(make_certificate(certs_->path(), "other", "stranger", "kube-apiserver"));
  }
  static void TearDownTestSuite() { delete std::exchange(certs_, nullptr); }
  static std::string cert(const std::string& name) { return certs_->path() / name; }

  void start(HttpConfig config = {}, bool clients = false) {
    for (const char* file : {"server.crt", "server.key"})
      std::filesystem::copy_file(certs_->path() / file, dir_.path() / file);
    config.tls = TlsFiles{dir_.path() / "server.crt", dir_.path() / "server.key", ""};
    if (clients) config.tls->client_ca = cert("ca.crt");
    config.tls_notice = [this](const Status& renewed) {
      std::lock_guard lock(mutex_);
      notices_.push_back(renewed ? "renewed" : renewed.error().what);
    };
    HttpServer::Service service;
    service.admit = [](const HttpRequest&) { return HttpAdmission{{}, 8 << 20, true, {}}; };
    service.handle = [](const HttpRequest& request) {
      HttpResponse out;
      out.body = request.method + " " + request.client_name.value_or("nobody") + " " +
                 std::to_string(request.body.size());
      if (request.path == "/large") out.body.assign(8 << 20, 'x');
      return out;
    };
    service.describe = [](int status, const std::string& reason) {
      HttpResponse out;
      out.status = status;
      out.body = reason;
      return out;
    };
    auto server = HttpServer::start(config, std::move(service));
    ASSERT_TRUE(server) << server.error().what;
    server_.emplace(std::move(*server));
  }
  std::string url(const std::string& path = "/") const {
    return "https://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  /// Body, or "exit CODE".
  std::string curl(std::vector<std::string> args) {
    args.insert(args.begin(), {"curl", "-sS", "--max-time", "20"});
    Command command;
    command.argv = std::move(args);
    auto output = run(std::move(command), seconds(30), 16 << 20);
    if (!output) return output.error().what;
    int code = output->status.shell_code();
    return code == 0 ? output->out : "exit " + std::to_string(code);
  }
  std::string ask(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--cacert", cert("ca.crt"), url()});
    return curl(std::move(more));
  }
  /// Replaces the server's files by those of `name`; `what`: ".crt", ".key".
  void put(const std::string& name, const std::string& what) {
    std::string to = dir_.path() / ("server" + what);
    ASSERT_TRUE(write_file(to + ".new", *read_file(cert(name + what), 1 << 16)));
    std::filesystem::rename(to + ".new", to);
  }
  std::vector<std::string> notices() {
    std::lock_guard lock(mutex_);
    return notices_;
  }
  /// The serial number of the certificate that is shown.
  std::string serial() {
    return curl({"--cacert", cert("ca.crt"), "-w", "%{certs}", "-o", "/dev/null", url()});
  }

  static TempDir* certs_;
  TempDir dir_;
  std::mutex mutex_;
  std::vector<std::string> notices_;
  std::optional<HttpServer> server_;
};
TempDir* Secured::certs_ = nullptr;

TEST_F(Secured, AnswersWhoTrustsItsAuthority) {
  start();
  EXPECT_EQ(ask(), "GET nobody 0");
  EXPECT_EQ(curl({url()}), "exit 60");  // not trusted
  EXPECT_EQ(curl({"--cacert", cert("other.crt"), url()}), "exit 60");
  // Two requests of one connection, a body and a large answer.
  EXPECT_EQ(curl({"--cacert", cert("ca.crt"), url("/a"), url("/b")}), "GET nobody 0GET nobody 0");
  EXPECT_EQ(curl({"--cacert", cert("ca.crt"), url("/large")}).size(), size_t{8} << 20);
  ASSERT_TRUE(write_file(dir_.path() / "body", std::string(5 << 20, 'y')));
  EXPECT_EQ(ask({"--data-binary", "@" + (dir_.path() / "body").string()}), "POST nobody 5242880");
}

TEST_F(Secured, TakesTls12And13AndNothingOlder) {
  start();
  EXPECT_EQ(ask({"--tlsv1.2", "--tls-max", "1.2"}), "GET nobody 0");
  EXPECT_EQ(ask({"--tlsv1.3"}), "GET nobody 0");
  for (const char* old : {"1.0", "1.1"})
    EXPECT_EQ(ask({"--tlsv1.0", "--tls-max", old, "--ciphers", "DEFAULT@SECLEVEL=0"}), "exit 35") << old;
}

TEST_F(Secured, ToldInTheClearWhereHttpIsSpoken) {
  start();
  auto answer = talk(server_->port(), "GET", "/");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "this port speaks TLS: ask it by https\n");
  EXPECT_EQ(ask(), "GET nobody 0");
}

TEST_F(Secured, EndsAHandshakeThatDoesNotEnd) {
  HttpConfig config;
  config.handshake = milliseconds(150);
  config.threads = 1;
  config.streams = 0;
  start(config);
  HttpTalk silent(server_->port()), slow(server_->port());
  auto began = std::chrono::steady_clock::now();
  slow.say(std::string("\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03", 11));  // begins a hello, and no more
  silent.hear();
  slow.hear();
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(slow.ended());
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(3));
  EXPECT_EQ(ask(), "GET nobody 0");  // the one thread goes on
}

TEST_F(Secured, ABadClientLeavesTheOthersAlone) {
  HttpConfig config;
  config.handshake = milliseconds(300);
  start(config);
  for (const std::string& junk :
       {std::string("\x16\x03\x01\x00\x05hello", 10), std::string(20000, '\xff'),
        std::string("\x15\x03\x03\x00\x02\x02\x28", 7), std::string("\x80\x2e\x01\x00\x02", 5),
        std::string("\x16\x03\x01\xff\xff", 5) + std::string(70000, 'a')}) {
    HttpTalk bad(server_->port());
    bad.say(junk);
    bad.hear();
    EXPECT_TRUE(bad.ended());
  }
  EXPECT_EQ(ask(), "GET nobody 0");
}

TEST_F(Secured, AStopEndsHandshakesAndIdleConnections) {
  start();
  HttpTalk silent(server_->port());
  Command idle;
  idle.argv = {"openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(server_->port()), "-quiet"};
  auto client = spawn(idle);
  ASSERT_TRUE(client);
  std::this_thread::sleep_for(milliseconds(300));
  auto before = std::chrono::steady_clock::now();
  server_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(3));
  silent.hear();
  EXPECT_TRUE(silent.ended());
}

TEST_F(Secured, KnowsClientsByTheirCertificate) {
  start({}, true);
  auto as = [&](const std::string& name) {
    return ask({"--cert", cert(name + ".crt"), "--key", cert(name + ".key")});
  };
  EXPECT_EQ(as("client"), "GET kube-apiserver 0");
  EXPECT_EQ(ask(), "GET nobody 0");  // that one is wanted is for the answer to say
  EXPECT_TRUE(as("stranger").starts_with("exit ")) << as("stranger");
}

TEST_F(Secured, RenewsItsCertificateWhenTheFilesChange) {
  start();
  std::string first = serial();
  ASSERT_NE(first.find("BEGIN CERTIFICATE"), std::string::npos) << first;
  // First one file, then the other: what is between them is not in force.
  put("next", ".crt");
  std::this_thread::sleep_for(milliseconds(1100));
  EXPECT_EQ(serial(), first);
  ASSERT_EQ(notices().size(), 1u);
  EXPECT_NE(notices()[0].find("server.key holds no key in PEM that belongs to the certificate"),
            std::string::npos)
      << notices()[0];
  put("next", ".key");
  std::this_thread::sleep_for(milliseconds(1100));
  std::string second = serial();
  EXPECT_NE(second, first);
  EXPECT_EQ(notices().back(), "renewed");
  // At once, when told to.
  put("server", ".crt");
  put("server", ".key");
  EXPECT_TRUE(server_->reload_tls());
  EXPECT_EQ(serial(), first);
}

TEST_F(Secured, SaysWhatIsWrongWithItsFiles) {
  auto error = [&](const TlsFiles& files) {
    auto opened = TlsServer::open(files);
    return opened ? "none" : opened.error().what;
  };
  std::string junk = dir_.path() / "junk";
  ASSERT_TRUE(write_file(junk, "no PEM"));
  EXPECT_EQ(error({cert("absent"), cert("server.key")}),
            "read " + cert("absent") + ": No such file or directory");
  EXPECT_TRUE(error({junk, cert("server.key")}).starts_with(junk + " holds no certificate in PEM"))
      << error({junk, junk});
  EXPECT_NE(error({cert("server.crt"), junk}).find(junk + " holds no key in PEM"), std::string::npos);
  EXPECT_NE(error({cert("server.crt"), cert("next.key")})
                .find("belongs to the certificate in " + cert("server.crt")),
            std::string::npos);
  EXPECT_TRUE(
      error({cert("server.crt"), cert("server.key"), junk}).starts_with(junk + " holds no authorities"));
  EXPECT_EQ(error({dir_.path(), cert("server.key")}), dir_.path().string() + " is no file");
}

}  // namespace
}  // namespace assay
