// A file server: its control connection and the data connections that it names.
#include "agent/sinkhole/protocols/ftp.h"

#include "tests/unit/sinkhole/talk_support.h"

namespace assay::sinkhole {
namespace {

struct Session {
  Scene scene{some_lures()};
  Client control{scene, peer_at(21, "files.example")};
  std::string banner = control.wait();
  std::string login = control.say("USER bob\r\nPASS pw\r\n");
  uint16_t passive() {
    std::string answer = control.say("EPSV\r\n");
    return static_cast<uint16_t>(std::stoi(answer.substr(answer.find("|||") + 3)));
  }
};

TEST(Ftp, AnyLoginSucceedsAndIsTold) {
  Session session;
  EXPECT_EQ(session.banner, "220 (vsFTPd 3.0.3)\r\n");
  EXPECT_EQ(session.login, "331 Please specify the password.\r\n230 Login successful.\r\n");
  EXPECT_EQ(
      session.control.say("SYST\r\nPWD\r\nCWD up\r\nPWD\r\nTYPE I\r\nPORT 1,2,3,4,5,6\r\nXYZ\r\n"),
      "215 UNIX Type: L8\r\n257 \"/\" is the current directory\r\n250 Directory successfully changed.\r\n"
      "257 \"/up\" is the current directory\r\n200 Switching to Binary mode.\r\n"
      "500 Illegal PORT command.\r\n500 Unknown command.\r\n");
  EXPECT_EQ(session.control.reports(), "ftp login bob pw\n");
}

TEST(Ftp, SizesAreToldSoManyTimes) {
  Session session;
  std::string asked;
  for (int i = 0; i < 100; ++i) asked += "SIZE " + std::to_string(i) + ".tar.gz\r\n";
  std::string answer = session.control.say(asked);
  size_t told = 0;
  for (size_t at = answer.find("213 "); at != std::string::npos; at = answer.find("213 ", at + 1)) ++told;
  EXPECT_EQ(told, 64u);
  EXPECT_TRUE(answer.ends_with("550 Could not get file size.\r\n"));
}

TEST(Ftp, DownloadIsACanaryThatIsTold) {
  Session session;
  uint16_t port = session.passive();
  Client data(session.scene, peer_at(port));
  EXPECT_EQ(data.wait(), "");  // nothing was asked for yet
  EXPECT_EQ(session.control.say("RETR tools/x.sh\r\n"), "150 Here it comes.\r\n226 Transfer complete.\r\n");
  std::string file = data.wait();
  EXPECT_EQ(data.talk.app(), "ftp-data");
  EXPECT_TRUE(data.talk.closing());
  ASSERT_FALSE(file.empty());
  const Report& told = session.control.told.back();
  EXPECT_EQ(told.kind, ReportKind::canary);
  EXPECT_EQ(told.path, "ftp://files.example/tools/x.sh");
  EXPECT_EQ(told.name, "files.example");
  EXPECT_EQ(told.detail, to_string(CanaryKind::shell));
  EXPECT_EQ(told.bytes_in, file.size());
  EXPECT_TRUE(session.scene.awaited.empty());
}

TEST(Ftp, SizeIsThatOfTheFileThatIsSentNext) {
  Session session;
  std::string size = session.control.say("SIZE x.sh\r\n");
  Client data(session.scene, peer_at(session.passive()));
  session.control.say("RETR x.sh\r\n");
  EXPECT_EQ(size, "213 " + std::to_string(data.wait().size()) + "\r\n");
}

TEST(Ftp, PasvNamesOurOwnAddress) {
  Session session;
  EXPECT_TRUE(session.control.say("PASV\r\n").starts_with("227 Entering Passive Mode (198,18,3,7,156,64)"));
}

TEST(Ftp, ListingIsSentToAClientThatConnectsLate) {
  Session session;
  uint16_t port = session.passive();
  session.control.say("LIST\r\n");
  Client data(session.scene, peer_at(port));
  EXPECT_NE(data.wait().find("update.sh"), std::string::npos);
}

TEST(Ftp, UploadIsToldWithItsName) {
  Session session;
  uint16_t port = session.passive();
  session.control.say("STOR loot.txt\r\n");
  Client data(session.scene, peer_at(port));
  EXPECT_EQ(data.say("GET / HTTP/1.1\r\n\r\n"), "");  // an upload, whatever it looks like
  data.say("more");
  EXPECT_EQ(data.reports(), "ftp upload /loot.txt GET / HTTP/1.1\\x0d\\x0a\\x0d\\x0a\n");
  EXPECT_EQ(session.control.reports(), "ftp login bob pw\nftp STOR /loot.txt \n");
}

TEST(Ftp, TransferWithoutADataConnectionIsRefused) {
  Session session;
  EXPECT_EQ(session.control.say("RETR x\r\n"), "425 Use PASV first.\r\n");
}

TEST(Ftp, AwaitedPortsAreBoundedAndTheOldestGo) {
  Scene scene(some_lures());
  uint16_t first = 0;
  for (int i = 0; i < 1000; ++i) {
    Client control(scene, peer_at(21));
    control.wait();
    std::string answer = control.say("EPSV\r\n");
    if (i == 0) first = static_cast<uint16_t>(std::stoi(answer.substr(answer.find("|||") + 3)));
  }
  EXPECT_EQ(scene.awaited.size(), Scene::kMaxAwaited);
  EXPECT_FALSE(scene.awaited.contains(first));
  EXPECT_TRUE(scene.awaited.contains(static_cast<uint16_t>(first + 999)));
}

TEST(Ftp, AuthTlsHandsOverAndEncryptedDataBeginsWithTls) {
  Session session;
  EXPECT_EQ(session.control.say("AUTH TLS\r\n").substr(0, 3), "530");
  give_authority(session.scene);
  EXPECT_EQ(session.control.say("AUTH TLS\r\n").substr(0, 3), "234");
  Client within(session.scene, peer_at(21, "files.example", true));
  EXPECT_EQ(within.say("USER bob\r\n"), "331 Please specify the password.\r\n");
  std::string answer = within.say("PROT P\r\nEPSV\r\nLIST\r\n");
  auto port = static_cast<uint16_t>(std::stoi(answer.substr(answer.find("|||") + 3)));
  Client data(session.scene, peer_at(port));
  EXPECT_EQ(data.wait(), "");
  Client data_within(session.scene, peer_at(port, "files.example", true));
  EXPECT_NE(data_within.wait(), "");
}

TEST(Ftp, AnySplitAndAnyMutationIsBorne) {
  const char* session =
      "USER a\r\nPASS b\r\nSYST\r\nFEAT\r\nPASV\r\nRETR x.sh\r\nEPSV\r\nLIST\r\nEPSV\r\nSTOR y\r\nMKD "
      "z\r\nQUIT\r\n";
  same_in_any_split(21, session, true);
  EXPECT_EQ(stays_bounded(21, session, true), 5000);
}

}  // namespace
}  // namespace assay::sinkhole
