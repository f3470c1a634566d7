// A mail server that takes everything to its end.
#include "agent/sinkhole/protocols/smtp.h"

#include "tests/unit/sinkhole/talk_support.h"

namespace assay::sinkhole {
namespace {

constexpr const char* kMail =
    "EHLO bot\r\nAUTH PLAIN AGFsaWNlAHMzY3JldA==\r\nMAIL FROM:<a@b> SIZE=3\r\nRCPT "
    "TO:<c@d>\r\nDATA\r\nSubject: x\r\n\r\n..dot\r\nQUIT\r\n.\r\nQUIT\r\n";

TEST(Smtp, MailIsTakenToItsEndAndTold) {
  std::string reports;
  std::string heard = same_in_any_split(25, kMail, true, &reports);
  EXPECT_EQ(heard,
            "220 evil.example ESMTP Postfix (Debian/GNU)\r\n250-evil.example\r\n250-PIPELINING\r\n250-SIZE "
            "52428800\r\n"
            "250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n235 2.7.0 Authentication "
            "successful\r\n"
            "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n250 2.0.0 Ok: queued as "
            "4TqXk05Zs1z\r\n"
            "221 2.0.0 Bye\r\n<closed>");
  EXPECT_EQ(reports,
            "smtp EHLO bot \nsmtp AUTH alice s3cret\nsmtp MAIL <a@b> SIZE=3 \nsmtp RCPT <c@d> \n"
            "smtp DATA  Subject: x\\x0a\\x0a.dot\\x0aQUIT\\x0a\n");
}

TEST(Smtp, LoginInStepsIsTaken) {
  Scene scene(some_lures());
  Client client(scene, peer_at(587));
  client.wait();
  client.say("EHLO x\r\n");
  EXPECT_EQ(client.say("AUTH LOGIN\r\n"), "334 VXNlcm5hbWU6\r\n");
  EXPECT_EQ(client.say("Ym9i\r\n"), "334 UGFzc3dvcmQ6\r\n");
  EXPECT_EQ(client.say("cHc=\r\n"), "235 2.7.0 Authentication successful\r\n");
  EXPECT_EQ(client.say("AUTH PLAIN\r\n*\r\n"), "334 \r\n501 5.7.0 Authentication aborted\r\n");
  EXPECT_EQ(client.say("AUTH CRAM-MD5\r\n").substr(0, 3), "504");
  EXPECT_EQ(client.say("RSET\r\nNOOP\r\nVRFY bob\r\nXYZ\r\n"),
            "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n252 2.0.0 bob\r\n502 5.5.2 Error: command not recognized\r\n");
  EXPECT_NE(client.reports().find("smtp AUTH bob pw\n"), std::string::npos);
}

TEST(Smtp, LmtpAnswersForEachRecipient) {
  Scene scene(some_lures());
  Client client(scene, peer_at(24));
  client.say("LHLO x\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nRCPT TO:<c>\r\nDATA\r\n");
  std::string ok = "250 2.0.0 Ok: queued as 4TqXk05Zs1z\r\n";
  EXPECT_EQ(client.say("x\r\n.\r\n"), ok + ok);
}

TEST(Smtp, StartTlsIsRefusedWithoutAnAuthority) {
  Scene scene(some_lures());
  Client client(scene, peer_at(25));
  EXPECT_EQ(client.say("EHLO x\r\n").find("STARTTLS"), std::string::npos);
  EXPECT_EQ(client.say("STARTTLS\r\n").substr(0, 3), "502");
}

TEST(Smtp, StartTlsHandsOverToTls) {
  Scene scene(some_lures());
  give_authority(scene);
  Client client(scene, peer_at(25));
  EXPECT_NE(client.say("EHLO x\r\n").find("250-STARTTLS\r\n"), std::string::npos);
  EXPECT_EQ(client.say("STARTTLS\r\n"), "220 2.0.0 Ready to start TLS\r\n");
  client.say(std::string("\x16\x03\x01\x00\x05hello", 10));
  EXPECT_EQ(client.talk.app(), "tls");
  Client within(scene, peer_at(25, "h", true));  // what TLS then carries
  EXPECT_TRUE(within.say("EHLO x\r\n").starts_with("250-h\r\n"));
}

TEST(Smtp, LongMessagesAreToldInPart) {
  Scene scene(some_lures());
  Client client(scene, peer_at(25));
  client.say("HELO x\r\nDATA\r\n");
  for (int i = 0; i < 1000; ++i) client.say(std::string(1000, 'm') + "\r\n");
  EXPECT_EQ(client.say(".\r\n").substr(0, 3), "250");
  EXPECT_EQ(client.told.back().data.size(), kMaxDataBytes);
}

TEST(Smtp, AnyMutationIsBorne) { EXPECT_EQ(stays_bounded(25, kMail, true), 5000); }

}  // namespace
}  // namespace assay::sinkhole
