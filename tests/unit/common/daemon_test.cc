// Command line and config file together, and what is said when they are wrong.
#include "common/daemon.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/program_options.hpp>

#include "common/fd.h"
#include "common/version.h"
#include "tests/support.h"

namespace assay {
namespace {

namespace po = boost::program_options;
using Texts = std::vector<std::string>;

class Daemon : public ::testing::Test {
 protected:
  std::string path() const { return (dir_.path() / "daemon.conf").string(); }
  void write(const std::string& text) { ASSERT_TRUE(write_file(path(), text)); }

  // "exit code|stdout|stderr"; what the daemon ran with is printed by it.
  std::string run(Texts words, bool default_is_there = true) {
    po::options_description options("daemon [OPTIONS]");
    options.add_options()("slots", po::value<unsigned>()->default_value(1), "how many")(
        "bind", po::value<Texts>()->composing(), "where")("data", po::value<std::string>(), "directory");
    auto show = [](const char* verb, const po::variables_map& map) {
      std::cout << verb << " slots=" << map["slots"].as<unsigned>();
      if (map.count("bind"))
        for (const std::string& bind : map["bind"].as<Texts>()) std::cout << " bind=" << bind;
      if (map.count("data")) std::cout << " data=" << map["data"].as<std::string>();
      std::cout << "\n";
    };
    DaemonSpec spec{"daemon", default_is_there ? path() : (dir_.path() / "absent.conf").string(),
                    [&](const po::variables_map& map) -> Status {
                      if (map["slots"].as<unsigned>() == 0)
                        return Error{Errc::invalid, "slots must be at least 1"};
                      return Status();
                    },
                    [&](const po::variables_map& map) {
                      show("ran", map);
                      return map["slots"].as<unsigned>() == 9 ? Status(Error{Errc::io, "broke"}) : Status();
                    }};
    words.insert(words.begin(), "daemon");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    int code = daemon_main(spec, static_cast<int>(argv.size()), argv.data(), options);
    std::string out = ::testing::internal::GetCapturedStdout();
    return std::to_string(code) + "|" + out + "|" + ::testing::internal::GetCapturedStderr();
  }

  TempDir dir_;
};

TEST_F(Daemon, FileSetsWhatTheCommandLineDoesNot) {
  write("# of this host\nslots = 4   # as many as disks\ndata=/data\nbind = tcp://*:1\nlog-level = warn\n");
  EXPECT_EQ(run({}), "0|ran slots=4 bind=tcp://*:1 data=/data\n|");
  EXPECT_EQ(run({"--slots", "2", "--bind", "ipc://x"}),
            "0|ran slots=2 bind=ipc://x bind=tcp://*:1 data=/data\n|");
}

TEST_F(Daemon, OnlyTheDefaultFileMayBeAbsent) {
  EXPECT_EQ(run({}, false), "0|ran slots=1\n|");
  EXPECT_EQ(run({"--config", "/nowhere"}), "2||daemon: open /nowhere: No such file or directory\n");
  EXPECT_EQ(run({"--config", ""}), "2||daemon: open : No such file or directory\n");
  write("slots = 3\n");
  EXPECT_EQ(run({"--config", path()}, false), "0|ran slots=3\n|");
}

TEST_F(Daemon, WrongFileIsNamedWithTheOption) {
  auto wrong = [&](const std::string& text) {
    write(text);
    return run({});
  };
  EXPECT_EQ(wrong("slots = 1\n  slot = 4\n"), "2||daemon: " + path() + ":2: there is no option 'slot'\n");
  EXPECT_EQ(wrong("[farm]\nslots = 4\n"), "2||daemon: " + path() + ": there is no option 'farm.slots'\n");
  EXPECT_EQ(wrong("config = /other\n"), "2||daemon: " + path() + ":1: there is no option 'config'\n");
  EXPECT_EQ(wrong("\nslots = many\n"),
            "2||daemon: " + path() + ":2: the argument ('many') for option 'slots' is invalid\n");
  EXPECT_EQ(wrong("slots = 1\nslots = 2\n"),
            "2||daemon: " + path() + ":1: option 'slots' cannot be specified more than once\n");
  EXPECT_EQ(wrong("slots\n"),
            "2||daemon: " + path() + ": the options configuration file contains an invalid line 'slots'\n");
}

TEST_F(Daemon, WrongCommandLineIsExitCodeTwo) {
  EXPECT_EQ(run({"--slot", "x"}), "2||daemon: the argument ('x') for option '--slots' is invalid\n");
  EXPECT_EQ(run({"--nothing"}), "2||daemon: unrecognised option '--nothing'\n");
  EXPECT_EQ(run({"word"}), "2||daemon: 'word' belongs to no option\n");
  EXPECT_EQ(run({"--log-level", "loud"}).substr(0, 10), "2||daemon:");
}

TEST_F(Daemon, CheckConfigStartsNothing) {
  write("slots = 4\n");
  EXPECT_EQ(run({"--check-config"}), "0|daemon: configuration " + path() + " is good\n|");
  EXPECT_EQ(run({"--check-config"}, false), "0|daemon: configuration is good (there is no " +
                                                (dir_.path() / "absent.conf").string() + ")\n|");
  EXPECT_EQ(run({"--check-config", "--slots", "0"}), "1||daemon: slots must be at least 1\n");
  write("slots = x\n");
  EXPECT_EQ(run({"--check-config"}).substr(0, 3), "2||");
}

TEST_F(Daemon, FailureIsOneLineAndExitCodeOne) {
  EXPECT_EQ(run({"--slots", "9"}, false), "1|ran slots=9\n|daemon: broke\n");
}

TEST_F(Daemon, SaysWhichVersionItIsWithoutReadingAFile) {
  write("nonsense\n");
  EXPECT_EQ(run({"--version"}), std::string("0|daemon ") + kVersion + "\n|");
  EXPECT_EQ(run({"--help"}).substr(0, 20), "0|daemon [OPTIONS]:\n");
}

TEST(OpenFiles, AreAsManyAsTheSystemAllows) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low{std::min<rlim_t>(before.rlim_cur, 256), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  auto raised = raise_open_files();
  ASSERT_TRUE(raised);
  EXPECT_EQ(*raised, std::min<rlim_t>(before.rlim_max, 1'000'000));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

// A verb of a daemon: takes words, passes over what else may stand in the daemon's file, and shows only its
// own options.
TEST_F(Daemon, VerbTakesWordsAndReadsTheFileOfItsDaemon) {
  write("data = /srv\nslots = 4\n");
  auto verb = [&](Texts words) {
    po::options_description own("Options"), file;
    own.add_options()("keep", po::value<unsigned>()->default_value(0), "how many");
    file.add_options()("data", po::value<std::string>(), "directory")("slots", po::value<unsigned>(),
                                                                      "how many");
    DaemonSpec spec;
    spec.name = "daemon copy";
    spec.default_config = path();
    spec.usage = "daemon copy DIR\n";
    spec.words = "directory";
    spec.also = &file;
    spec.run = [](const po::variables_map& map) -> Status {
      if (map.count("directory") == 0) return Error{Errc::invalid, "no directory given"};
      std::cout << map["directory"].as<Texts>().size() << " " << map["data"].as<std::string>() << " "
                << map["keep"].as<unsigned>() << "\n";
      return Status();
    };
    words.insert(words.begin(), "copy");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    int code = daemon_main(spec, static_cast<int>(argv.size()), argv.data(), own);
    std::string out = ::testing::internal::GetCapturedStdout();
    return std::to_string(code) + "|" + out + "|" + ::testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(verb({"/backups", "--keep", "3"}), "0|1 /srv 3\n|");
  EXPECT_EQ(verb({"a", "b", "--data", "/other"}), "0|2 /other 0\n|");
  EXPECT_EQ(verb({}), "2||daemon copy: no directory given\n");
  EXPECT_EQ(verb({"--kept", "3"}), "2||daemon copy: unrecognised option '--kept'\n");
  std::string help = verb({"--help"});
  EXPECT_TRUE(help.starts_with("0|daemon copy DIR\nOptions:\n")) << help;
  EXPECT_NE(help.find("--keep"), std::string::npos);
  EXPECT_EQ(help.find("--slots"), std::string::npos) << help;
}

}  // namespace
}  // namespace assay
