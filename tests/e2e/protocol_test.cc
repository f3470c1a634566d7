// Real clients of Debian in a real image, each against the simulated internet: each gets its answer, and the
// trace names host, protocol and what was sent. The images are tests/images/clients and tests/images/xmrig.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

using nlohmann::json;

struct Scanned {
  json report;
  std::vector<json> events;
  std::string printed;  // by the container

  // How many events of `kind` were of this protocol, verb and host, with `text` in what was sent?
  int told(const std::string& app, const std::string& call, const std::string& host, const std::string& text,
           const std::string& kind = "http") const {
    return static_cast<int>(std::count_if(events.begin(), events.end(), [&](const json& event) {
      return event["kind"] == kind && event.value("app", "") == app && event.value("call", "") == call &&
             event.value("name", "") == host &&
             (event.value("path", "") + " " + event.value("data", "")).find(text) != std::string::npos;
    }));
  }
};

Scanned scan(const std::string& name, const std::string& duration) {
  TempDir data;
  Ran ran = assay(
      data, {"scan", "oci-archive:" + image(name).string(), "--duration", duration, "--format", "json"});
  Scanned out;
  out.report = ran.json();
  if (!out.report.is_object()) {
    ADD_FAILURE() << ran.err;
    return out;
  }
  Ran trace = assay(data, {"trace", out.report["scan"]["id"], "--format", "json"});
  std::istringstream lines(trace.out);
  for (std::string line; std::getline(lines, line);) {
    out.events.push_back(json::parse(line));
    if (out.events.back()["kind"] == "output") out.printed += out.events.back().value("data", "");
  }
  return out;
}

// Does the report itself show such a request, and its protocol, to this host?
bool shown(const json& report, const std::string& app, const std::string& call, const std::string& host,
           const std::string& text) {
  for (const json& peer : report["network"]) {
    if (peer["name"] != host || peer.value("app", "").find(app) == std::string::npos) continue;
    for (const json& request : peer.value("requests", json::array()))
      if (request["method"] == call &&
          (request.value("target", "") + " " + request.value("body", "")).find(text) != std::string::npos)
        return true;
  }
  return false;
}

struct Told {
  const char *app, *call, *host, *text;
};

constexpr Told kTold[] = {
    {"redis", "CONFIG", "cache.example", "SET dir /root/.ssh"},
    {"redis", "SET", "cache.example", "ssh-rsa AAAAB3"},
    {"postgresql", "startup", "db.example", "user=postgres database=shop"},
    {"postgresql", "password", "db.example", "hunter2"},
    {"postgresql", "query", "db.example", "select 41 + 1 as sum"},
    {"postgresql", "password", "dbs.example", "hunter3"},  // within TLS
    {"mysql", "login", "sql.example", "user=root"},
    {"mysql", "query", "sql.example", "drop table users"},
    {"smtp", "AUTH", "mail.example", "alice s3cret"},
    {"smtp", "MAIL", "mail.example", "<bot@evil.example>"},
    {"smtp", "RCPT", "mail.example", "<boss@evil.example>"},
    {"smtp", "DATA", "mail.example", "Subject: loot"},
    {"smtp", "AUTH", "starttls.example", "alice s3cret"},  // within TLS
    {"smtp", "DATA", "smtps.example", "Subject: loot"},
    {"smtp", "DATA", "relay.example", "Subject: loot"},  // behind an HTTP proxy
    {"ftp", "login", "files.example", "bob pw"},
    {"ftp", "RETR", "files.example", "/tools/x.sh"},
    {"ftp", "STOR", "files.example", "/up/loot.txt"},
    {"ftp", "upload", "files.example", "/up/loot.txt From: a@b"},
    {"ftp", "RETR", "ftps.example", "/y.sh"},
    {"irc", "NICK", "irc.example", "zombie"},
    {"irc", "JOIN", "irc.example", "#c2"},
    {"irc", "PRIVMSG", "irc.example", "#c2 :reporting in"},
    {"ssh", "version", "shell.example", "SSH-2.0-OpenSSH"},
    {"socks5", "login", "proxy.example", "bob pw"},
    {"socks5", "CONNECT", "proxy.example", "hidden.example:80"},
    {"http", "GET", "hidden.example", "/secret"},  // behind a SOCKS proxy
};

TEST(Protocols, ClientsOfEachGetAnAnswerAndTheTraceNamesWhatTheySent) {
  ASSAY_NEEDS_HOST();
  Scanned scanned = scan("clients", "40s");
  for (const char* client : {"redis", "postgres", "postgres-tls", "mysql", "smtp", "starttls", "smtps", "ftp",
                             "ftps", "lftp", "irc", "ssh", "socks", "connect"}) {
    EXPECT_NE(scanned.printed.find(std::string(client) + " ok"), std::string::npos) << client << "\n"
                                                                                    << scanned.printed;
  }
  for (const Told& told : kTold) {
    EXPECT_GE(scanned.told(told.app, told.call, told.host, told.text), 1)
        << told.app << " " << told.call << " " << told.host << " " << told.text;
  }
  constexpr Told kShown[] = {{"redis", "SET", "cache.example", "ssh-rsa AAAAB3"},
                             {"postgresql", "password", "dbs.example", "hunter3"},
                             {"mysql", "query", "sql.example", "drop table users"},
                             {"smtp", "DATA", "mail.example", "Subject: loot"},
                             {"ftp", "STOR", "files.example", "/up/loot.txt"},
                             {"irc", "PRIVMSG", "irc.example", "reporting in"},
                             {"ssh", "version", "shell.example", "SSH-2.0-OpenSSH"},
                             {"socks5", "CONNECT", "proxy.example", "hidden.example:80"}};
  for (const Told& told : kShown) {
    EXPECT_TRUE(shown(scanned.report, told.app, told.call, told.host, told.text))
        << told.app << "\n"
        << scanned.report["network"].dump(1);
  }
  EXPECT_EQ(scanned.told("ftp", "RETR", "files.example", "ftp://files.example/tools/x.sh", "canary"), 1);
  EXPECT_EQ(scanned.report["completeness"]["lost"], 0) << scanned.report["completeness"].dump(1);
}

TEST(Protocols, ARealMinerLogsInHashesAndHasItsSharesAccepted) {
  ASSAY_NEEDS_HOST();
  Scanned scanned = scan("xmrig", "30s");
  const std::string pool = "pool.minexmr.example";
  EXPECT_NE(scanned.printed.find("new job from " + pool), std::string::npos) << scanned.printed;
  EXPECT_NE(scanned.printed.find("accepted (1/0)"), std::string::npos) << scanned.printed;
  EXPECT_EQ(scanned.printed.find("rejected"), std::string::npos) << scanned.printed;
  EXPECT_EQ(scanned.told("stratum", "login", pool, "4AWalletOfNobody"), 1);
  EXPECT_GE(scanned.told("stratum", "submit", pool, "nonce"), 1);
  EXPECT_EQ(scanned.report["verdict"], "malicious");
  // The report itself shows host, wallet, password and the miner's name for itself.
  std::string sent;
  for (const json& peer : scanned.report["network"])
    if (peer["name"] == pool) sent = peer["first_data"];
  for (const char* text : {"4AWalletOfNobody", "worker7", "XMRig/6"})
    EXPECT_NE(sent.find(text), std::string::npos) << scanned.report["network"].dump(1);
}

}  // namespace
}  // namespace assay::e2e
