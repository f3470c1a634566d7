// Keys as files, and the allow-list as text.
#include "common/keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "common/fd.h"
#include "common/loop.h"
#include "tests/support.h"

namespace assay {
namespace {

// RFC 32's and libzmq's examples.
constexpr const char* kBob = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
constexpr const char* kBobSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";
constexpr const char* kAlice = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

std::string show(const Result<std::vector<AllowedKey>>& list) {
  return list ? to_text(*list) : std::string(to_string(list.error().code)) + ": " + list.error().what;
}
std::string show(const Result<std::string>& text) {
  return text ? *text : std::string(to_string(text.error().code)) + ": " + text.error().what;
}

TEST(Keys, AreFortyCharactersOfZ85) {
  EXPECT_EQ(z85(std::string("\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B", 8)), "HelloWorld");
  EXPECT_TRUE(is_curve_key(kBob));
  EXPECT_TRUE(is_curve_key(z85(std::string(32, '\xff'))));
  EXPECT_TRUE(is_curve_key(z85(std::string(32, '\0'))));
  EXPECT_FALSE(is_curve_key(std::string(kBob).substr(1)));
  EXPECT_FALSE(is_curve_key(std::string(kBob) + "a"));
  EXPECT_FALSE(is_curve_key(std::string(40, '#')));  // beyond 32 bits
  EXPECT_FALSE(is_curve_key("Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI "));
  EXPECT_FALSE(is_curve_key(""));
}

TEST(Keys, PublicOneIsComputedFromTheSecret) {
  EXPECT_EQ(*curve_public_key(kBobSecret), kBob);
  EXPECT_EQ(curve_public_key("short").error().code, Errc::invalid);
  CurveKeys keys = *make_curve_keys();
  EXPECT_EQ(*curve_public_key(keys.secret_key), keys.public_key);
}

TEST(Keys, NewOnesFitIntoConfigFilesAndOnCommandLines) {
  for (int i = 0; i < 50; ++i) {
    CurveKeys keys = *make_curve_keys();
    EXPECT_EQ(keys.public_key.find('#'), std::string::npos);
    EXPECT_NE(keys.public_key[0], '-');
  }
}

TEST(Keys, NamesAreShortAndPlain) {
  for (const char* good : {"a", "agent-1.rack_2", "0"}) EXPECT_TRUE(is_agent_name(good)) << good;
  EXPECT_TRUE(is_agent_name(std::string(64, 'a')));
  EXPECT_FALSE(is_agent_name(std::string(65, 'a')));
  for (const char* bad : {"", "a b", "a/b", "-a", ".a", "\xc3\xa4", "a\n"})
    EXPECT_FALSE(is_agent_name(bad)) << bad;
}

TEST(KeyFiles, AreReadBackAsTheyWereSaved) {
  TempDir dir;
  CurveKeys keys = *make_curve_keys();
  ASSERT_TRUE(save_keys(dir.path(), kAgentKey, keys));
  CurveKeys loaded = *load_keys(dir.path(), kAgentKey);
  EXPECT_EQ(loaded.public_key, keys.public_key);
  EXPECT_EQ(loaded.secret_key, keys.secret_key);
  EXPECT_EQ(*load_public_key(dir.path() / "agent.pub"), keys.public_key);
  struct stat status;
  ASSERT_EQ(::stat((dir.path() / "agent.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST(KeyFiles, AreNeverOverwritten) {
  TempDir dir;
  ASSERT_TRUE(save_keys(dir.path(), kSchedulerKey, *make_curve_keys()));
  Status again = save_keys(dir.path(), kSchedulerKey, *make_curve_keys());
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_EQ(again.error().what, (dir.path() / "scheduler.key").string() +
                                    ": exists already; remove it first if it shall be replaced");
}

TEST(KeyFiles, SecretThatOthersCanReadIsRefused) {
  TempDir dir;
  std::string file = (dir.path() / "agent.key").string();
  ASSERT_TRUE(save_keys(dir.path(), kAgentKey, *make_curve_keys()));
  for (mode_t mode : {0640u, 0604u, 0602u}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    auto loaded = load_keys(dir.path(), kAgentKey);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Errc::denied);
    EXPECT_NE(loaded.error().what.find(file + ": others than its owner can use this secret (mode 06"),
              std::string::npos)
        << loaded.error().what;
  }
}

TEST(KeyFiles, ErrorsNameFileAndLine) {
  TempDir dir;
  std::string file = (dir.path() / "agent.key").string();
  auto load = [&](const std::string& text) {
    EXPECT_TRUE(write_file(file, text, 0600));
    auto loaded = load_keys(dir.path(), kAgentKey);
    return loaded ? "good" : loaded.error().what;
  };
  EXPECT_EQ(load(std::string("# a comment\n\n") + kBobSecret + "\r\n"), "good");
  EXPECT_EQ(load("# a comment\nkey\n"),
            file + ":2: this is no key: 40 characters of Z85, as assay keys makes them");
  EXPECT_EQ(load(std::string(kBobSecret) + "\n" + kBobSecret),
            file + ":2: a second key, and there may be one");
  EXPECT_EQ(load("# nothing\n"), file + ": holds no key");
  EXPECT_NE(load(std::string(10'000, 'x')), "good");
  ASSERT_TRUE(std::filesystem::remove(file));
  EXPECT_EQ(load_keys(dir.path(), kAgentKey).error().what,
            "open " + file + ": No such file or directory (assay keys new makes one)");
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(load_keys(dir.path(), kAgentKey).error().what, file + ": is no regular file");
}

TEST(AllowList, IsOneKeyALine) {
  std::string text = std::string("# comment\n\nallow ") + kBob +
                     " bob 2026-01-31 # in rack 4\r\n  revoked\t" + kAlice + "   alice\n";
  EXPECT_EQ(show(parse_allow_list(text, "agents")),
            std::string("allow ") + kBob + " bob 2026-01-31\nrevoked " + kAlice + " alice\n");
  EXPECT_EQ(show(parse_allow_list("", "agents")), "");
  EXPECT_EQ(allowed_keys(*parse_allow_list(text, "agents")), std::set<std::string>{kBob});
}

TEST(AllowList, ErrorsNameFileLineAndRule) {
  auto parse = [](const std::string& line) { return show(parse_allow_list("\n" + line + "\n", "agents")); };
  std::string bob = std::string("allow ") + kBob + " bob";
  EXPECT_EQ(parse("permit x y"), "invalid: agents:2: 'permit' is neither allow nor revoked");
  EXPECT_EQ(parse("allow x"), "invalid: agents:2: is not allow|revoked PUBLICKEY NAME [DATE]");
  EXPECT_EQ(parse("allow bob\x1b[2J " + std::string(kBob)),
            "invalid: agents:2: 'bob\\x1b[2J' is no public key (40 characters of Z85)");
  EXPECT_EQ(parse(std::string("allow ") + kBob + " b/b"),
            "invalid: agents:2: 'b/b' is no name of an agent (1 to 64 of A-Z a-z 0-9 . _ -)");
  EXPECT_EQ(parse(bob + " yesterday"),
            "invalid: agents:2: 'yesterday' is neither a date (YYYY-MM-DD) nor a comment");
  EXPECT_EQ(parse(bob + "\n" + bob + "2"), "invalid: agents:3: this key stands in line 2 too");
  EXPECT_EQ(parse(bob + "\nallow " + kAlice + " bob"),
            "invalid: agents:3: agent 'bob' has an allowed key in line 2 already: revoke one");
  EXPECT_EQ(parse(bob + "\nrevoked " + kAlice + " bob"), bob + "\nrevoked " + kAlice + " bob\n");
}

TEST(AllowList, AllowingAddsALineAndKeepsTheOthers) {
  std::string text = std::string("# ours\nallow ") + kBob + " bob";
  EXPECT_EQ(show(with_allowed(text, "agents", {kAlice, "alice", false, "2026-02-01"})),
            text + "\nallow " + kAlice + " alice 2026-02-01\n");
  EXPECT_EQ(show(with_allowed("", "agents", {kAlice, "alice"})),
            empty_allow_list() + "allow " + kAlice + " alice\n");
  EXPECT_EQ(show(with_allowed(text, "agents", {kBob, "bob", false, "2026-02-01"})), text);
}

TEST(AllowList, AllowingRefusesWhatWouldConfuse) {
  std::string text = std::string("allow ") + kBob + " bob\n";
  EXPECT_EQ(show(with_allowed(text, "agents", {kBob, "robert"})),
            "conflict: agents: this key is allowed as 'bob' already");
  EXPECT_EQ(show(with_allowed(text, "agents", {kAlice, "bob"})),
            "conflict: agents: 'bob' has another key: assay keys revoke bob first");
  EXPECT_EQ(show(with_allowed(std::string("revoked ") + kBob + " bob\n", "agents", {kBob, "bob"})),
            "conflict: agents: this key of 'bob' was revoked; make a new one (assay keys new)");
  EXPECT_EQ(show(with_allowed(text, "agents", {"key", "alice"})),
            "invalid: 'key' is no public key (40 characters of Z85)");
  EXPECT_EQ(show(with_allowed("nonsense", "agents", {kAlice, "alice"})),
            "invalid: agents:1: 'nonsense' is neither allow nor revoked");
}

TEST(AllowList, RevokingChangesOneLine) {
  std::string text =
      std::string("# ours\nallow ") + kBob + " bob 2026-01-01 # rack 4\nallow " + kAlice + " alice\n";
  std::string after =
      std::string("# ours\nrevoked ") + kBob + " bob 2026-02-01\nallow " + kAlice + " alice\n";
  EXPECT_EQ(show(with_revoked(text, "agents", "bob", "2026-02-01")), after);
  EXPECT_EQ(show(with_revoked(text, "agents", kBob, "2026-02-01")), after);
  EXPECT_EQ(show(with_revoked(after, "agents", "bob", "2026-02-01")),
            "not_found: agents: no allowed key of 'bob'");
  // A name whose old key was revoked can have a new one, which can be revoked in turn.
  std::string twice = std::string("revoked ") + kBob + " bob\nallow " + kAlice + " bob\n";
  EXPECT_EQ(show(with_revoked(twice, "agents", "bob", "2026-02-01")),
            std::string("revoked ") + kBob + " bob\nrevoked " + kAlice + " bob 2026-02-01\n");
}

TEST(AllowList, FileIsReplacedAsAWhole) {
  TempDir dir;
  std::string file = (dir.path() / "agents").string();
  EXPECT_EQ(load_allow_list(dir.path()).error().what,
            "open " + file + ": No such file or directory (assay keys allow makes it)");
  auto allow = [&](const AllowedKey& key) {
    return edit_allow_list(dir.path(), [&](std::string_view text) { return with_allowed(text, file, key); });
  };
  ASSERT_TRUE(allow({kBob, "bob"}));
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  ASSERT_TRUE(allow({kAlice, "alice"}));
  EXPECT_FALSE(allow({kBob, "robert"}));
  EXPECT_EQ(show(load_allow_list(dir.path())),
            std::string("allow ") + kBob + " bob\nallow " + kAlice + " alice\n");
  struct stat status;
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

TEST(AllowList, EditorsWaitForEachOther) {
  TempDir dir;
  std::string file = (dir.path() / "agents").string();
  std::vector<std::thread> editors;
  for (int editor = 0; editor < 4; ++editor)
    editors.emplace_back([&, editor] {
      for (int i = 0; i < 10; ++i) {
        AllowedKey key{make_curve_keys()->public_key, std::to_string(editor) + "-" + std::to_string(i)};
        EXPECT_TRUE(edit_allow_list(dir.path(),
                                    [&](std::string_view text) { return with_allowed(text, file, key); }));
      }
    });
  for (auto& editor : editors) editor.join();
  EXPECT_EQ(load_allow_list(dir.path())->size(), 40u);
}

}  // namespace
}  // namespace assay
