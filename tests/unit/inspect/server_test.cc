// Rules, types and digests, on bytes: libyara, libmagic and TLSH as assay-inspect calls them.
#include "agent/inspect/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>

#include "tests/support.h"

namespace assay::inspect {
namespace {

Fd file_of(std::string_view bytes) {
  Fd fd(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd.get(), bytes, "test"));
  return fd;
}

class InspectServer : public testing::Test {
 protected:
  std::string compile(const std::vector<RuleFile>& files) {
    compiled_ = file_of("");
    auto count = compile_rules(files, compiled_.get());
    return count ? std::to_string(*count) + " rules" : count.error().what;
  }
  // Each answer as a line: type, matches, what else is to be said.
  std::string inspect(std::string_view bytes, Ask ask = {1, 0, 1 << 20, true, "/tmp/x"}) {
    auto rules = Rules::load(compiled_.get());
    auto magic = Magic::open();
    if (!rules || !magic) return !rules ? rules.error().what : magic.error().what;
    Answer answer = Server(std::move(*magic), std::move(*rules)).inspect(ask, file_of(bytes).get());
    similarity_ = answer.similarity;
    std::string out = answer.mime;
    for (const std::string& match : answer.matches) out += " " + match;
    if (answer.partial) out += " partial";
    if (answer.outcome != Outcome::done)
      out += " outcome " + std::to_string(static_cast<int>(answer.outcome));
    if (answer.matches_left_out > 0) out += " +" + std::to_string(answer.matches_left_out);
    return out;
  }

  Yara yara_ = std::move(*Yara::open());
  Fd compiled_;
  std::string similarity_;
};

TEST_F(InspectServer, TypeAndMatchesByContent) {
  EXPECT_EQ(compile({{"a", "a.yar", "rule needle { strings: $n = \"needle\" condition: $n }"},
                     {"b", "b.yar", "rule needle { strings: $n = \"needle\" condition: #n > 1 }"}}),
            "2 rules");
  EXPECT_EQ(inspect("#!/bin/sh\necho needle\n"), "text/x-shellscript a:needle");
  EXPECT_EQ(inspect("a needle, a needle\n"), "text/plain a:needle b:needle");
  EXPECT_EQ(inspect(""), "application/x-empty");
}

TEST_F(InspectServer, ExternalVariablesOfPublicRuleSetsAreThere) {
  EXPECT_EQ(compile({{"e", "e.yar", R"(
rule by_name { condition: filename == "x.php" and extension == ".php" and filepath contains "/srv/" }
rule by_owner { condition: owner == "33" }
rule by_root { condition: owner == "root" }
rule by_type { condition: filetype == "PHP" })"}}),
            "4 rules");
  EXPECT_EQ(inspect("<?php echo 1;\n", {1, 33, 1 << 20, true, "/srv/www/x.php"}),
            "text/x-php e:by_name e:by_owner e:by_type");
  EXPECT_EQ(inspect("text\n", {1, 0, 1 << 20, true, "/srv/www/x"}), "text/plain e:by_root");
}

TEST_F(InspectServer, RuleFileThatDoesNotCompileIsNamedWithItsLine) {
  std::string good = "rule a { condition: true }\n";
  EXPECT_EQ(compile({{"a", "dir/a.yar", good}, {"b", "dir/b.yar", good + "\nrule c { condition: $x }\n"}}),
            "dir/b.yar:3: undefined string \"$x\"");
  EXPECT_TRUE(compile({{"a", "i.yar", "include \"/etc/passwd\"\n" + good}}).starts_with("i.yar:1: "));
  EXPECT_TRUE(compile({{"a", "u.yar", "rule a { condition: nobody_knows == 1 }"}}).starts_with("u.yar:1: "));
  EXPECT_TRUE(compile({{"a", "n.yar", std::string("rule a\0", 7)}}).starts_with("n.yar:1: "));
}

TEST_F(InspectServer, MatchesAreBoundedAndTheRestIsCounted) {
  std::string many;
  for (int i = 0; i < 80; ++i) many += "rule r" + std::to_string(i) + " { condition: true }\n";
  compile({{"m", "m.yar", many}});
  std::string line = inspect("x");
  EXPECT_EQ(std::count(line.begin(), line.end(), ':'), 64);
  EXPECT_TRUE(line.ends_with(" +16")) << line;
}

TEST_F(InspectServer, OfALargeFileTheBeginningIsInspectedAndItSaysSo) {
  compile({{"a", "a.yar", "rule needle { strings: $n = \"needle\" condition: $n }"}});
  std::string bytes = "needle" + std::string(5000, 'x');
  EXPECT_EQ(inspect(bytes, {1, 0, 1000, true, "/x"}), "text/plain a:needle partial");
  EXPECT_EQ(similarity_, "");
  std::reverse(bytes.begin(), bytes.end());
  EXPECT_EQ(inspect(bytes, {1, 0, 1000, true, "/x"}), "text/plain partial");
}

TEST_F(InspectServer, SimilarFilesHaveSimilarDigests) {
  compile({});
  auto text = [](int seed) {
    std::string out;
    uint32_t state = 5;
    for (int i = 0; i < 4000; ++i) {
      state = state * 1664525 + 1013904223;
      out += static_cast<char>('a' + (state >> 16) % 26);
    }
    out.replace(100, 5, std::to_string(10000 + seed));
    return out;
  };
  auto digest = [&](const std::string& bytes) {
    inspect(bytes);
    return similarity_;
  };
  std::string one = digest(text(1)), other = digest(text(2));
  ASSERT_EQ(one.size(), 72u);
  EXPECT_TRUE(one.starts_with("T1"));
  EXPECT_EQ(one, digest(text(1)));
  int differ = 0;
  for (size_t i = 0; i < one.size(); ++i) differ += one[i] != other[i];
  EXPECT_LT(differ, 10) << one << "\n" << other;
  inspect(text(1), {1, 0, 1 << 20, false, "/x"});
  EXPECT_EQ(similarity_, "") << "not asked for";
  EXPECT_EQ(digest("too small"), "");
  EXPECT_EQ(digest(std::string(10'000, 'x')), "") << "uniform";
}

TEST_F(InspectServer, DirectoriesAndPipesAreNotRead) {
  compile({});
  auto rules = Rules::load(compiled_.get());
  auto magic = Magic::open();
  ASSERT_TRUE(rules && magic);
  Server server(std::move(*magic), std::move(*rules));
  Fd dir = std::move(*open_file("/", O_RDONLY | O_DIRECTORY));
  EXPECT_EQ(server.inspect({1, 0, 1000, true, "/"}, dir.get()).outcome, Outcome::unreadable);
}

TEST_F(InspectServer, CompiledRulesThatAreDamagedDoNotLoad) {
  Fd garbage = file_of(std::string(4096, '\x5a'));
  EXPECT_FALSE(Rules::load(garbage.get()));
  EXPECT_FALSE(Rules::load(file_of("").get()));
}

TEST_F(InspectServer, LoopEndsWithTheAgentAndRefusesWhatItNeverAsks) {
  compile({});
  auto serve = [&](std::string_view said) {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    Fd agent(pair[0]), child(pair[1]);
    bool sent = said.empty() || ::send(agent.get(), said.data(), said.size(), 0) > 0;
    EXPECT_TRUE(sent);
    agent.reset();
    auto rules = Rules::load(compiled_.get());
    auto magic = Magic::open();
    auto done = Server(std::move(*magic), std::move(*rules)).run(child.get());
    return done ? std::string("ended") : done.error().what;
  };
  EXPECT_EQ(serve(""), "ended");
  EXPECT_EQ(serve("nonsense"), "a question without a file, or cut off");
}

}  // namespace
}  // namespace assay::inspect
