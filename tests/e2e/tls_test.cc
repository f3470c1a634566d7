// Real clients in real images, none of them told to look away: each gets an answer over TLS, and the trace
// has whom it asked and what it sent.
#include <map>

#include "common/trace_file.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

class TlsClients : public testing::Test {
 protected:
  void scan(const std::string& name) {
    ASSAY_NEEDS_HOST();
    std::string file = data_.path() / "trace";
    Ran ran = assay(data_, {"scan", "oci-archive:" + image(name).string(), "--duration", "60s", "--format",
                            "json", "--keep-trace", file});
    ASSERT_TRUE(ran.json().is_object()) << ran.err;
    auto ends = read_trace_file(file, [&](const Event& event) {
      if (event.kind == EventKind::output) output_ += event.data;
      if (event.kind == EventKind::session) sessions_.push_back(event);
      if (event.kind == EventKind::http) requests_.push_back(event);
    });
    ASSERT_TRUE(ends) << ends.error().what;
    for (const SourceCount& source : ends->footer.sources) EXPECT_EQ(source.lost, 0u) << source.detail;
  }
  // What was heard of whoever talked to a host or address: app and bytes.
  Event session_with(const std::string& host, uint32_t port) const {
    for (const Event& event : sessions_)
      if ((event.name == host || event.dst_addr == host) && event.dst_port == port) return event;
    return {};
  }
  TempDir data_;
  std::string output_;
  std::vector<Event> sessions_, requests_;
};

TEST_F(TlsClients, AllVerifyAreAnsweredAndReadAndOneThatPinsIsToldOf) {
  scan("https-clients");
  for (const char* client : {"curl", "wget", "python", "node", "openssl", "git", "mail", "pinned"})
    EXPECT_NE(output_.find(std::string(client) + " ok\n"), std::string::npos) << client << "\n" << output_;
  struct Expected {
    const char* host;
    uint32_t port;
    const char* sent;
  };
  for (const Expected& e :
       {Expected{"curl.example.com", 443, "body=from-curl"},
        Expected{"wget.example.com", 8443, "body=from-wget"},
        Expected{"python.example.com", 9443, "body=from-python"},
        Expected{"node.example.com", 4444, "body=from-node"},
        Expected{"203.0.113.9", 5555, "body=from-openssl"},
        Expected{"git.example.com", 443, "GET /project.git/info/refs?service=git-upload-pack"}}) {
    Event session = session_with(e.host, e.port);
    EXPECT_EQ(session.app, "https") << e.host;
    EXPECT_NE(session.data.find(e.sent), std::string::npos) << e.host << ": " << session.data;
  }
  EXPECT_EQ(session_with("mail.example.com", 465).app, "tls+smtp");
  std::vector<std::string> refused;
  for (const Event& event : requests_)
    if (event.call == "refused") refused.push_back(event.app + " " + event.name + " " + event.path);
  EXPECT_EQ(refused, std::vector<std::string>{"tls pinned.example.com unknown CA"});
}

TEST_F(TlsClients, ImageWithoutAnyTrustStoreGetsOne) {
  scan("https-bare");
  for (const char* client : {"curl", "openssl"})
    EXPECT_NE(output_.find(std::string(client) + " ok\n"), std::string::npos) << client << "\n" << output_;
  EXPECT_NE(session_with("curl.example.net", 443).data.find("body=from-curl"), std::string::npos);
  EXPECT_NE(session_with("openssl.example.net", 443).data.find("body=from-openssl"), std::string::npos);
}

}  // namespace
}  // namespace assay::e2e
