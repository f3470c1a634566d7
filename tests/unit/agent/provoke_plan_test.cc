// What is read from an image: the plan's steps, what to start it with again, what it holds that can be run.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <random>

#include "agent/provoke/executables.h"
#include "agent/provoke/plan.h"
#include "agent/provoke/retry.h"
#include "common/starter.h"
#include "tests/support.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

// An image's files, made up.
class Image {
 public:
  Image() { init.cwd = "/"; }
  void put(const std::string& path, const std::string& text, unsigned mode = 0644) {
    fs::path file = dir.path() / path.substr(1);
    fs::create_directories(file.parent_path());
    ASSERT_TRUE(write_file(file, text));
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
  }
  void link(const std::string& path, const std::string& target) {
    fs::path file = dir.path() / path.substr(1);
    fs::create_directories(file.parent_path());
    fs::create_symlink(target, file);
  }
  ImageFiles files() { return std::move(*ImageFiles::open(dir.path())); }
  // "cron /etc/crontab: /bin/sh -c backup", one line a step; whose it is, if not root's.
  std::string plan() {
    ImageFiles opened = files();
    std::string out;
    for (const Step& step : make_plan({config, init, opened})) {
      out += step.kind + " " + step.target + ":";
      for (const std::string& argument : step.argv) out += " " + argument;
      if (step.cwd != "/") out += " in " + step.cwd;
      if (step.uid != 0) out += " as " + std::to_string(step.uid);
      out += "\n";
    }
    return out;
  }
  TempDir dir;
  ImageConfig config;
  InitProcess init;
};

TEST(Plan, OfAnEmptyImageIsEmpty) { EXPECT_EQ(Image().plan(), ""); }

TEST(Plan, RunsTheHealthCheckAsTheImageDoes) {
  Image image;
  image.init.uid = 33;
  image.init.cwd = "/srv";
  image.config.healthcheck = {"CMD-SHELL", "curl -f localhost || exit 1"};
  EXPECT_EQ(image.plan(), "healthcheck Healthcheck: /bin/sh -c curl -f localhost || exit 1 in /srv as 33\n");
  image.config.healthcheck = {"CMD", "/probe", "-v"};
  EXPECT_EQ(image.plan(), "healthcheck Healthcheck: /probe -v in /srv as 33\n");
  for (auto none : {std::vector<std::string>{"NONE"}, {"CMD"}, {"WHAT", "x"}}) {
    image.config.healthcheck = none;
    EXPECT_EQ(image.plan(), "");
  }
}

TEST(Plan, TheHealthCheckComesFromTheImagesConfig) {
  auto config = parse_image_config(
      R"({"config": {"Healthcheck": {"Test": ["CMD-SHELL", "probe"], "Interval": 5}}, "rootfs": {"diff_ids": []}})",
      "x");
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->healthcheck, (std::vector<std::string>{"CMD-SHELL", "probe"}));
  EXPECT_FALSE(parse_image_config(R"({"config": {"Healthcheck": {"Test": 7}}})", "x"));
}

TEST(Plan, TheStarterIsRootWithDockersCapabilitiesAndOneToLiftLimits) {
  InitProcess init;
  init.argv = {"/server"};
  init.uid = 33;
  init.cwd = "/srv";
  std::string text = exec_config(init, {}, {std::string(kStarterPath)});
  EXPECT_NE(text.find("CAP_SYS_RESOURCE"), std::string::npos);
  EXPECT_NE(text.find("\"uid\": 0"), std::string::npos) << text;
  EXPECT_EQ(text.find("/server"), std::string::npos);
}

TEST(Plan, FindsCronEntriesOfTheSystemOfUsersAndOfDirectories) {
  Image image;
  image.put("/etc/passwd", "root:x:0:0::/root:/bin/sh\nwww:x:33:33::/var/www:/bin/sh\n");
  image.put("/etc/crontab",
            "SHELL=/bin/sh\n# m h\n17 * * * * root cd / && run-parts --report /etc/cron.hourly\n"
            "*/5 * * * * root backup --to%y\n@reboot www beacon\nnot an entry at all\n");
  image.put("/etc/cron.d/job", "1 2 3 4 5 root one\n");
  image.put("/etc/cron.d/.placeholder", "1 2 3 4 5 root two\n");
  image.put("/var/spool/cron/crontabs/www", "* * * * * three\n");
  image.put("/etc/cron.daily/clean", "#!/bin/sh\n", 0755);
  image.put("/etc/cron.daily/README", "no\n");
  EXPECT_EQ(image.plan(),
            "cron /etc/crontab: /bin/sh -c backup --to\n"
            "cron /etc/crontab: /bin/sh -c beacon as 33\n"
            "cron /etc/cron.d/job: /bin/sh -c one\n"
            "cron /var/spool/cron/crontabs/www: /bin/sh -c three as 33\n"
            "cron /etc/cron.daily/clean: /etc/cron.daily/clean\n");
}

TEST(Plan, StartsEnabledUnitsAndInitScriptsOnce) {
  Image image;
  image.put("/lib/systemd/system/web.service",
            "[Unit]\nExecStart=/bin/no\n[Service]\nExecStart=-/usr/bin/web -c \"a b\" \\\n  -d\n"
            "ExecStop=/bin/no\n");
  image.put("/lib/systemd/system/off.service", "[Service]\nExecStart=/usr/bin/off\n");
  image.put("/usr/bin/web",
            "\x7f"
            "ELF...",
            0755);
  image.put("/usr/bin/off",
            "\x7f"
            "ELF...",
            0755);
  image.link("/etc/systemd/system/multi-user.target.wants/web.service", "/lib/systemd/system/web.service");
  image.put("/etc/init.d/web", "#!/bin/sh\n", 0755);
  image.put("/etc/init.d/other", "#!/bin/sh\n", 0755);
  image.put("/etc/init.d/halt", "#!/bin/sh\n", 0755);
  image.put("/etc/rc.local", "#!/bin/sh\n", 0755);
  EXPECT_EQ(image.plan(),
            "init /lib/systemd/system/web.service: /usr/bin/web -c a b -d\n"
            "init /etc/init.d/other: /etc/init.d/other start\n"
            "init /etc/rc.local: /etc/rc.local\n");
}

TEST(Plan, FindsPackageHooksWhereApplicationsLie) {
  Image image;
  image.init.cwd = "/app";
  image.put("/app/package.json", R"({"scripts": {"postinstall": "node collect.js", "test": "no"}})");
  image.put("/app/node_modules/evil/package.json", R"({"scripts": {"preinstall": "sh x", "prepare": "no"}})");
  image.put("/app/node_modules/@s/pad/package.json", R"({"scripts": {"install": "y"}})");
  image.put("/app/node_modules/broken/package.json", "{\"scripts\": [1,");
  image.put("/opt/tool/.git/hooks/pre-commit", "#!/bin/sh\n", 0755);
  image.put("/opt/tool/.git/hooks/pre-push.sample", "#!/bin/sh\n", 0755);
  image.put("/opt/tool/setup.py", "print()");
  image.put("/usr/bin/python3",
            "\x7f"
            "ELF...",
            0755);
  image.put("/usr/lib/python3/dist-packages/x.pth", "import os; os.system('id')\n");
  EXPECT_EQ(image.plan(),
            "hook /app/package.json postinstall: /bin/sh -c node collect.js in /app\n"
            "hook /app/node_modules/@s/pad/package.json install: /bin/sh -c y in /app/node_modules/@s/pad\n"
            "hook /app/node_modules/evil/package.json preinstall: /bin/sh -c sh x in /app/node_modules/evil\n"
            "hook /opt/tool/.git/hooks/pre-commit: /opt/tool/.git/hooks/pre-commit in /opt/tool\n"
            "hook /opt/tool/setup.py: python3 setup.py egg_info in /opt/tool\n"
            "hook /usr/lib/python3/dist-packages/x.pth: python3 -c pass in /app\n");
}

TEST(Plan, FollowsNoLinkOutOfTheImageAndStaysBounded) {
  Image image;
  image.link("/etc/crontab", "/../../../../../../../../etc/hostname");
  image.link("/etc/cron.d", "../../../../../../../../etc");
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "* * * * * root job\n";
  image.put("/var/spool/cron/root", many);
  for (int i = 0; i < 300; ++i) image.put("/etc/cron.daily/j" + std::to_string(i), "#!", 0755);
  ImageFiles files = image.files();
  EXPECT_LE(make_plan({image.config, image.init, files}).size(), kMaxSteps);
  image.put("/etc/rc.local", "#!", 0755);
  auto steps = make_plan({image.config, image.init, files});
  EXPECT_EQ(steps.back().target, "/etc/rc.local");  // not crowded out
  EXPECT_FALSE(files.read("/etc/crontab"));
}

TEST(Plan, ReadsCommandLinesAsSystemdDoes) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(parse_exec_start("-@/bin/a 'b c' d\\ e"), (Words{"/bin/a", "b c", "d e"}));
  for (const char* text : {"", "relative", "/bin/a %i", "/bin/a $X", "/bin/a 'open"})
    EXPECT_EQ(parse_exec_start(text), Words()) << text;
}

TEST(Plan, TakesExposedPortsThatArePorts) {
  ImageConfig config;
  config.exposed_ports = {"80/tcp", "53/udp", "9000", "0/tcp", "70000/tcp", "x/tcp", "5/sctp", ""};
  std::string out;
  for (const ExposedPort& port : exposed_ports(config)) out += port.proto + std::to_string(port.port) + " ";
  EXPECT_EQ(out, "tcp80 udp53 tcp9000 ");
}

using Names = std::vector<std::string>;

TEST(Retry, FindsTheNamesThatAnImageAsksFor) {
  EXPECT_EQ(demanded_names("starting\nerror: APP_PASSWORD is not set\n"), Names{"APP_PASSWORD"});
  EXPECT_EQ(demanded_names("Error: missing required environment variable TOKEN"), Names{"TOKEN"});
  EXPECT_EQ(
      demanded_names("You need to specify one of the following:\n  - MYSQL_ROOT_PASSWORD\n  - MYSQL_RANDOM"),
      (Names{"MYSQL_ROOT_PASSWORD", "MYSQL_RANDOM"}));
  EXPECT_EQ(demanded_names("KeyError: 'DB_HOST'"), Names{"DB_HOST"});
  EXPECT_EQ(demanded_names("SERVER_STARTED at 10:00\nall is well"), Names());
  EXPECT_EQ(demanded_by_script("a=${X_TOKEN:?must be set} ${HOME} ${lower?} ${Y:-z}"),
            (Names{"X_TOKEN", "lower"}));
}

TEST(Retry, SetsWhatWasAskedForAndThenWhatWasAskedForNext) {
  Retries retries({"/run"}, {"B_USER=x"}, "", "word");
  auto first = retries.next({{1, false}, std::chrono::milliseconds(50), "A_PASSWORD not set"});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->why, "set A_PASSWORD");
  EXPECT_EQ(variable(first->env, "A_PASSWORD"), "Aa1-word");
  EXPECT_EQ(variable(first->env, "POSTGRES_PASSWORD"), "Aa1-word");
  auto second = retries.next({{1, false}, std::chrono::milliseconds(50), "C_PORT and B_USER must be set"});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->why, "set C_PORT");  // B_USER is
  EXPECT_EQ(variable(second->env, "C_PORT"), "8080");
  EXPECT_EQ(variable(second->env, "A_PASSWORD"), "Aa1-word");
  EXPECT_FALSE(retries.next({{1, false}, std::chrono::milliseconds(50), "segmentation fault"}));
}

TEST(Retry, TriesTheSubcommandsThatAUsageOffers) {
  Retries retries({"/tool", "--help"}, {}, "", "word");
  EarlyEnd usage{{0, false},
                 std::chrono::milliseconds(20),
                 "Usage: tool COMMAND\nCommands:\n  build\n  server\n  run\n"};
  auto first = retries.next(usage);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->argv, (Names{"/tool", "server"}));
  EXPECT_EQ(retries.next(usage)->argv, (Names{"/tool", "run"}));
  EXPECT_FALSE(retries.next(usage));
}

TEST(Retry, LeavesAloneWhatHasDoneItsWork) {
  Retries retries({"/hello"}, {}, "", "word");
  EXPECT_FALSE(retries.next({{0, false}, std::chrono::milliseconds(20), "hello"}));
}

TEST(Retry, EndsAfterThreeTries) {
  Retries retries({"/run"}, {}, "", "word");
  for (size_t i = 0; i < Retries::kMax; ++i)
    EXPECT_TRUE(retries.next({{1, false}, {}, "V" + std::string(i + 1, 'X') + "_TOKEN required"}));
  EXPECT_FALSE(retries.next({{1, false}, {}, "LAST_TOKEN required"}));
}

// Texts of a hostile image: whatever they hold, what is made of them stays bounded.
TEST(Plan, AnyTextIsSurvived) {
  std::mt19937 random(3);
  const std::string seed =
      "A=\"b\"\n*/5 * * * * root x\\%y%z\n@daily w q\n[Service]\nExecStart=-/a 'b' \\\nusage: serve ${X:?n}";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seed;
    for (int i = 0; i < 4; ++i) text[random() % text.size()] = static_cast<char>(random());
    std::vector<std::string> env;
    EXPECT_LE(parse_crontab(text, round % 2 == 0, env).size(), 40u);
    EXPECT_LE(demanded_names(text).size() + demanded_by_script(text).size(), 48u);
    EXPECT_LE(offered_commands(text).size(), 14u);
    parse_exec_start(text);
  }
}

Event exec(const std::string& path, std::vector<std::string> argv = {}, int32_t pid = 7) {
  Event event;
  event.kind = EventKind::exec;
  event.path = path;
  event.argv = std::move(argv);
  event.pid = pid;
  return event;
}

TEST(Executables, CountsProgramsAndWhatRanByItselfAndAtAll) {
  Image image;
  image.put("/usr/bin/a",
            "\x7f"
            "ELF...",
            0755);
  image.put("/usr/bin/b", "#!/bin/sh\n", 0755);
  image.put("/usr/bin/c", "#!/bin/sh\n", 0755);
  image.put("/usr/bin/text", "no program", 0755);
  image.put("/usr/bin/off",
            "\x7f"
            "ELF...",
            0644);
  image.put("/usr/lib/libx.so.1",
            "\x7f"
            "ELF...",
            0755);
  image.link("/bin", "usr/bin");
  ImageFiles files = image.files();
  Executables executables(files);
  while (!executables.look(std::chrono::steady_clock::now() + std::chrono::seconds(1))) continue;
  executables.note(exec("/bin/a"));
  executables.note(exec("/usr/bin/sh", {"/bin/sh", "/usr/bin/b"}));
  executables.note(exec(std::string(kStarterPath), {}, 20));
  Event clone;
  clone.kind = EventKind::clone;
  clone.pid = 20;
  clone.child_pid = 21;
  executables.note(clone);
  executables.note(exec("/usr/bin/c", {}, 21));
  Coverage coverage = executables.coverage();
  EXPECT_EQ(coverage.executables, 3u);
  EXPECT_EQ(coverage.ran_by_itself, 2u);
  EXPECT_EQ(coverage.ran, 3u);
}

TEST(Executables, StartsTheImagesOwnBeforeADistributions) {
  Image image;
  for (const char* path :
       {"/usr/bin/ls", "/usr/bin/halt", "/usr/local/bin/zz", "/opt/x/tool", "/usr/sbin/pwconv"})
    image.put(path,
              "\x7f"
              "ELF...",
              0755);
  image.put("/usr/sbin/service",
            "\x7f"
            "ELF...",
            0755);
  image.put("/var/lib/dpkg/info/coreutils.list", "/.\n/bin\n/bin/ls\n");
  image.put("/var/lib/dpkg/info/service:amd64.list", "/usr/sbin/service\n");
  image.put("/var/lib/dpkg/status",
            "Package: coreutils\nEssential: yes\n\nPackage: service\nPriority: optional\n");
  ImageFiles files = image.files();
  Executables executables(files);
  while (!executables.look(std::chrono::steady_clock::now() + std::chrono::seconds(1))) continue;
  EXPECT_EQ(executables.never_ran(),
            (Names{"/opt/x/tool", "/usr/local/bin/zz", "/usr/sbin/service", "/usr/bin/ls"}));
  executables.note(exec("/opt/x/tool"));
  EXPECT_EQ(executables.never_ran(), (Names{"/usr/local/bin/zz", "/usr/sbin/service", "/usr/bin/ls"}));
}

}  // namespace
}  // namespace assay
