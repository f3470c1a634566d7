// What an image did, held against what its vendor says of it.
#include "decisions/vetting/declaration.h"

#include "tests/unit/vetting/vetting_reports.h"

namespace assay::decisions {
namespace {

Declaration server_declaration() {
  Declaration out;
  out.ports = {"tcp/8080"};
  out.domains = {"api.acme.example"};
  return out;
}

std::string shown(const Declaration& declaration, const Report& report) {
  DeclarationCheck check = check_declaration(declaration, behaviour_of(report), report);
  std::string out;
  for (const Deviation& one : check.deviations) {
    out += one.text + " | " + one.by + " pid " + std::to_string(one.pid) + " | " + one.layer;
    for (const std::string& line : one.ancestry) out += " > " + line;
    out += "\n";
  }
  for (const Unseen& one : check.unseen) out += "unseen " + one.kind + " " + one.what + "\n";
  for (const std::string& kind : check.unchecked) out += "cut " + kind + "\n";
  return out;
}

TEST(Declaration, WhatIsDeclaredIsNoDeviationAndWhatIsNotSeenIsTold) {
  EXPECT_EQ(shown(server_declaration(), server_report()), "unseen domain api.acme.example\n");
}

TEST(Declaration, AnotherPortDeviatesWithItsDoerAndLayer) {
  Report report = server_report();
  report.listening = {"tcp/4444", "tcp/8080"};
  report.listening_pids = {1, 1};
  Declaration declaration = server_declaration();
  declaration.domains.clear();
  EXPECT_EQ(shown(declaration, report),
            "listens on tcp/4444, not declared | /usr/bin/web pid 1 | sha256:app, COPY web /usr/bin > "
            "/usr/bin/web --serve\n");
}

TEST(Declaration, AnotherDomainDeviatesOnceThoughItIsTalkedTo) {
  Report report = server_report();
  ask_for(report, "api.acme.example");
  ask_for(report, "track.evil.example");
  NetworkPeer peer;
  peer.proto = "tcp";
  peer.addr = "198.18.0.9";
  peer.name = "track.evil.example";
  peer.port = 443;
  peer.pid = 7;
  report.network = {peer};
  EXPECT_EQ(
      shown(server_declaration(), report),
      "asks for the name track.evil.example, not declared | /usr/bin/phone pid 7 | sha256:app, COPY web "
      "/usr/bin > /usr/bin/web --serve > /usr/bin/phone api.acme.example\n");
}

TEST(Declaration, AddressesAreHeldAgainstTheDomains) {
  Report report = server_report();
  NetworkPeer peer;
  peer.proto = "tcp";
  peer.addr = "203.0.113.66";
  peer.port = 4444;
  peer.pid = 1;
  peer.first_ns = 5;
  report.network = {peer};
  Declaration declaration = server_declaration();
  declaration.domains = {"203.0.113.0/24"};
  EXPECT_EQ(shown(declaration, report), "");
  declaration.domains = {"192.0.2.0/24"};
  EXPECT_EQ(
      shown(declaration, report),
      "talks to 203.0.113.66 tcp/4444, not declared | /usr/bin/web pid 1 | sha256:app, COPY web /usr/bin > "
      "/usr/bin/web --serve\nunseen domain 192.0.2.0/24\n");
}

TEST(Declaration, TheResolverOfTheGuestsOwnLinkIsNoPeer) {
  Report report = server_report();
  NetworkPeer resolver;
  resolver.proto = "udp";
  resolver.addr = "172.17.0.1";
  resolver.port = 53;
  resolver.pid = 1;
  report.network = {resolver};
  Declaration declaration = server_declaration();
  declaration.domains.clear();
  EXPECT_EQ(shown(declaration, report), "");
}

TEST(Declaration, UsersProgramsAndFilesCountOnlyWhereTheyAreGiven) {
  Report report = server_report();
  Declaration declaration = server_declaration();
  declaration.domains.clear();
  declaration.users = {{"1000"}};
  declaration.writes = {{"/var/lib/web/"}};
  declaration.executables = {{"/usr/bin/web"}};
  EXPECT_EQ(shown(declaration, report), "");
  declaration.users = {{"root"}};
  declaration.writes = {{"/var/lib/other", "/srv"}};
  declaration.executables = std::vector<std::string>{};
  std::string doer = "| sha256:app, COPY web /usr/bin > /usr/bin/web --serve\n";
  EXPECT_EQ(shown(declaration, report), "runs as uid 1000, not declared | /usr/bin/web pid 1 " + doer +
                                            "runs /usr/bin/web, not declared |  pid 1 " + doer +
                                            "writes /var/lib/web/*, not declared | /usr/bin/web pid 1 " +
                                            doer +
                                            "unseen user root\n"
                                            "unseen file_area /var/lib/other\nunseen file_area /srv\n");
}

// The area of a fact, "/var/lib/web/*", would be covered by neither.
TEST(Declaration, ADirectoryBesideTheDeclaredOneDeviates) {
  Report report = server_report();
  report.files[0].path = "/var/lib/web/sub/data";
  report.files.push_back(report.files[0]);
  report.files[1].path = "/var/lib/web/other/data";
  Declaration declaration = server_declaration();
  declaration.domains.clear();
  declaration.writes = {{"/var/lib/web/sub"}};
  EXPECT_EQ(
      shown(declaration, report),
      "writes /var/lib/web/other/*, not declared | /usr/bin/web pid 1 | sha256:app, COPY web /usr/bin > "
      "/usr/bin/web --serve\n");
}

TEST(Declaration, PortsTakenByChanceAreOneFact) {
  Report report = server_report();
  report.listening = {"tcp/41234", "tcp/8080"};
  report.listening_pids = {1, 1};
  Declaration declaration = server_declaration();
  declaration.domains.clear();
  EXPECT_TRUE(shown(declaration, report).starts_with("listens on tcp/high, not declared"));
  declaration.ports.push_back("tcp/32768-60999");
  EXPECT_EQ(shown(declaration, report), "");
  declaration.ports.back() = "udp/*";
  EXPECT_TRUE(shown(declaration, report).starts_with("listens on tcp/high, not declared"));
}

TEST(Declaration, ListsThatAreNotWholeAreToldAndDeviationsAreBounded) {
  Report report = server_report();
  report.network_left_out = 3;
  report.files_left_out = 1;
  for (int i = 0; i < 300; ++i) report.listening.push_back("tcp/" + std::to_string(9000 + i));
  Declaration declaration = server_declaration();
  declaration.domains.clear();
  declaration.writes = {{"/"}};
  DeclarationCheck check = check_declaration(declaration, behaviour_of(report), report);
  EXPECT_EQ(check.deviations.size(), DeclarationCheck::kMaxDeviations);
  EXPECT_EQ(check.left_out, 300 - DeclarationCheck::kMaxDeviations);
  EXPECT_EQ(check.unchecked, (std::vector<std::string>{"listener", "peer", "file_area"}));
}

}  // namespace
}  // namespace assay::decisions
