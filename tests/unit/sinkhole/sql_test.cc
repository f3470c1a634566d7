// Databases: what statements are answered, and how PostgreSQL and MySQL carry it.
#include "agent/sinkhole/protocols/sql.h"

#include "agent/sinkhole/protocols/frames.h"
#include "tests/unit/sinkhole/talk_support.h"

namespace assay::sinkhole {
namespace {

std::string ask(std::string_view statement, bool mysql = false) {
  SqlAnswer answer = answer_sql(statement, {mysql, "15.8", "bob", "shop"});
  std::string out = answer.tag;
  for (const auto& column : answer.columns) out += " [" + column + "]";
  for (const auto& row : answer.rows) {
    out += " (";
    for (const auto& value : row) out += value + ";";
    out += ")";
  }
  return out;
}

TEST(Sql, QuestionsAboutTheServerHaveAnswers) {
  EXPECT_EQ(ask("select 1"), "SELECT [?column?] (1;)");
  EXPECT_EQ(ask("SELECT 'a;b' AS x, 2 as \"y\";"), "SELECT [x] [y] (a;b;2;)");
  EXPECT_EQ(ask("-- hi\nselect current_user"), "SELECT [current_user] (bob;)");
  EXPECT_EQ(ask("select current_database()"), "SELECT [current_database] (shop;)");
  EXPECT_EQ(ask("select @@version_comment limit 1", true), "SELECT [@@version_comment] (Debian 12;)");
  EXPECT_EQ(ask("show databases", true),
            "SHOW [Database] (information_schema;) (mysql;) (performance_schema;)");
  EXPECT_EQ(ask("show server_version"), "SHOW [server_version] (15.8;)");
}

TEST(Sql, TablesAreEmptyAndChangesSucceed) {
  EXPECT_EQ(ask("select a, b from users where c = 'from'"), "SELECT [a] [b]");
  EXPECT_EQ(ask("CREATE OR REPLACE FUNCTION f() returns int"), "CREATE FUNCTION");
  EXPECT_EQ(ask("drop table x"), "DROP TABLE");
  EXPECT_EQ(ask("COPY t FROM PROGRAM 'id'"), "COPY");
  EXPECT_EQ(ask("/* unfinished"), "");
  EXPECT_EQ(ask(" ; "), "");
}

TEST(Sql, StatementsAreCutOutsideOfQuotes) {
  EXPECT_EQ(split_sql("a; b ';' ;; c", 9), (std::vector<std::string_view>{"a", "b ';'", "c"}));
  EXPECT_EQ(split_sql("a;b;c", 2), (std::vector<std::string_view>{"a", "b;c"}));
}

TEST(Sql, HostileStatementsStayBounded) {
  std::minstd_rand random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = "select ";
    for (auto n = random() % 60; n > 0; --n) text += "(),'\"`; asfrom@1-/*"[random() % 19];
    for (std::string_view one : split_sql(text, 8)) ASSERT_LE(ask(one, random() % 2).size(), 4096u);
  }
  EXPECT_LE(ask("select " + std::string(10'000, ',')).size(), 4096u);
}

std::string message(char type, const std::string& body) {
  return type + be32(static_cast<uint32_t>(body.size() + 4)) + body;
}
const std::string kStartup = [] {
  std::string body = be32(196608) + std::string("user\0bob\0database\0shop\0\0", 24);
  return be32(static_cast<uint32_t>(body.size() + 4)) + body;
}();
const std::string kPassword = message('p', std::string("s3cret\0", 7));

TEST(Postgres, PsqlsSessionIsAnsweredAndTold) {
  std::string reports;
  std::string heard = same_in_any_split(5432,
                                        be32(8) + be32(80877103) + kStartup + kPassword +
                                            message('Q', std::string("select 1;\0", 10)) + message('X', ""),
                                        false, &reports);
  EXPECT_TRUE(heard.starts_with("N" + message('R', be32(3)) + message('R', be32(0)))) << printable(heard);
  EXPECT_NE(heard.find(message('D', be16(1) + be32(1) + "1") + message('C', std::string("SELECT 1\0", 9)) +
                       message('Z', "I")),
            std::string::npos)
      << printable(heard);
  EXPECT_TRUE(heard.ends_with("<closed>"));
  EXPECT_EQ(reports,
            "postgresql startup shop user=bob database=shop\npostgresql password bob s3cret\npostgresql "
            "query shop select 1;\n");
}

TEST(Postgres, TlsIsOfferedWhereThereIsAnAuthority) {
  Scene scene(some_lures());
  give_authority(scene);
  Client client(scene, peer_at(5432));
  EXPECT_EQ(client.say(be32(8) + be32(80877104)), "N");  // GSSAPI is not
  EXPECT_EQ(client.say(be32(8) + be32(80877103)), "S");
  client.say(std::string("\x16\x03\x01\x00\x05hello", 10));
  EXPECT_EQ(client.talk.app(), "tls");
}

TEST(Postgres, ExtendedQueriesAreAnswered) {
  Scene scene(some_lures());
  Client client(scene, peer_at(5432));
  client.say(kStartup + kPassword);
  std::string heard =
      client.say(message('P', std::string("\0select 7\0\0\0", 12)) + message('B', std::string(8, '\0')) +
                 message('D', std::string("P\0", 2)) + message('E', std::string(5, '\0')) + message('S', ""));
  std::string types;
  for (size_t at = 0; at + 5 <= heard.size(); at += 1 + number_be(std::string_view(heard).substr(at + 1, 4)))
    types += heard[at];
  EXPECT_EQ(types, "12TDCZ");
}

TEST(Postgres, CopyTakesWhatIsSent) {
  Scene scene(some_lures());
  Client client(scene, peer_at(5432));
  client.say(kStartup + kPassword);
  EXPECT_EQ(client.say(message('Q', std::string("copy t from stdin\0", 18)))[0], 'G');
  EXPECT_EQ(client.say(message('d', "row\n")), "");
  EXPECT_EQ(client.say(message('c', "")), message('C', std::string("COPY 0\0", 7)) + message('Z', "I"));
  EXPECT_NE(client.reports().find("postgresql copy  row\\x0a\n"), std::string::npos);
}

TEST(Postgres, AnyMutationIsBorne) {
  EXPECT_GT(stays_bounded(5432, kStartup + kPassword + message('Q', std::string("select 1;\0", 10)), false),
            1000);
}

std::string packet(int sequence, const std::string& body) {
  return le(static_cast<uint32_t>(body.size()), 3) + static_cast<char>(sequence) + body;
}
// CLIENT_PROTOCOL_41, SECURE_CONNECTION, CONNECT_WITH_DB, PLUGIN_AUTH.
std::string mysql_login(const std::string& plugin) {
  return packet(1, le(512 | 1 << 15 | 8 | 1 << 19, 4) + le(1 << 24, 4) + "\x2d" + std::string(23, '\0') +
                       std::string("bob\0", 4) +
                       "\x04"
                       "\x01\x02\x03\x04" +
                       std::string("shop\0", 5) + plugin + '\0');
}

TEST(Mysql, ASessionIsAnsweredAndTold) {
  std::string reports;
  std::string session = mysql_login("mysql_native_password") +
                        packet(0, "\x03select @@version_comment limit 1") + packet(0, "\x01");
  std::string heard = same_in_any_split(3306, session, true, &reports);
  EXPECT_EQ(heard[4], 10);
  EXPECT_NE(heard.find("5.5.5-10.11.6-MariaDB"), std::string::npos);
  EXPECT_NE(heard.find(packet(2, std::string("\0\0\0\2\0\0\0", 7)) + packet(1, "\x01")), std::string::npos)
      << printable(heard);
  EXPECT_NE(heard.find(packet(4,
                              "\x09"
                              "Debian 12")),
            std::string::npos)
      << printable(heard);
  EXPECT_TRUE(heard.ends_with("<closed>"));
  EXPECT_TRUE(reports.starts_with("mysql login shop user=bob mysql_native_password=01020304 salt="))
      << reports;
  EXPECT_NE(reports.find("mysql query shop select @@version_comment limit 1\n"), std::string::npos);
}

TEST(Mysql, OtherPluginsAreSwitched) {
  Scene scene(some_lures());
  Client client(scene, peer_at(3306));
  client.wait();
  EXPECT_EQ(client.say(mysql_login("caching_sha2_password")).substr(4, 22), "\xfemysql_native_password");
  EXPECT_EQ(client.say(packet(3, std::string(20, 'p'))), packet(4, std::string("\0\0\0\2\0\0\0", 7)));
  EXPECT_EQ(client.say(packet(0, "\x0e")), packet(1, std::string("\0\0\0\2\0\0\0", 7)));
}

TEST(Mysql, AnyMutationIsBorne) {
  EXPECT_EQ(stays_bounded(3306,
                          mysql_login("mysql_native_password") + packet(0, "\x03show databases; select 1") +
                              packet(0, "\x02x"),
                          true),
            5000);
}

}  // namespace
}  // namespace assay::sinkhole
