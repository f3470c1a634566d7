// Canaries of every kind, run by what runs them: each opens its path, starts nothing, prints nothing, and
// lets whoever sources it go on.
#include "agent/sinkhole/canary/canaries.h"

#include <gtest/gtest.h>

#include <set>

#include "agent/sinkhole/canary/archive.h"
#include "agent/sinkhole/canary/canary_bundles.h"
#include "agent/sinkhole/canary/canary_scripts.h"
#include "common/canary.h"
#include "common/digest.h"
#include "common/process.h"
#include "tests/support.h"

namespace assay::sinkhole {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

lure::Seed seed() {
  lure::Seed out{};
  out.fill(7);
  return out;
}

bool have(const std::string& program) {
  for (const char* dir : {"/usr/bin/", "/bin/", "/usr/local/bin/"})
    if (fs::exists(dir + program)) return true;
  return false;
}

// Runs a program in a directory with files, and says what it printed and which canary paths it opened.
class CanaryRun : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& bytes) {
    fs::path path = dir_.path() / name;
    fs::create_directories(path.parent_path());
    ASSERT_TRUE(write_file(path, bytes));
    fs::permissions(path, fs::perms(0755));
  }
  std::string run_traced(const std::string& script) {
    Command command;
    fs::path calls = dir_.path() / "calls";
    command.argv = {"strace", "-f",  "-qq", "-e",  "trace=open,openat,execve,fork,vfork,clone",
                    "-o",     calls, "sh",  "-ec", "cd " + dir_.path().string() + "; " + script};
    command.env =
        std::vector<std::string>{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + dir_.path().string()};
    auto output = run(std::move(command), seconds(60));
    if (!output) return output.error().what;
    auto text = read_file(calls, 64 << 20);
    if (!text) return text.error().what;
    size_t opened = 0;
    for (size_t at = 0; (at = text->find("\"" + canary_path(marker_), at)) != std::string::npos; ++at)
      ++opened;
    return output->out + output->err + "exit " + std::to_string(output->status.shell_code()) + ", opened " +
           (opened > 0 ? "yes" : "no");
  }
  const std::string marker_ = Canaries(seed()).marker("test");
  TempDir dir_;
};

#define NEEDS(program) ASSAY_NEED(have("strace") && have(program), "strace and " program)

TEST_F(CanaryRun, ShellScriptProvesItselfInEveryShellAndLetsTheScriptGoOn) {
  NEEDS("busybox");
  put("x.sh", shell_script(marker_));
  for (const std::string shell : {"dash", "bash", "busybox ash"}) {
    EXPECT_EQ(run_traced(shell + " x.sh"), "exit 0, opened yes") << shell;
    EXPECT_EQ(run_traced("cat x.sh | " + shell), "exit 0, opened yes") << shell;
    EXPECT_EQ(run_traced(shell + " -euc '. ./x.sh; echo on'"), "on\nexit 0, opened yes") << shell;
    EXPECT_EQ(run_traced(shell + " -euc 'eval \"$(cat x.sh)\"; echo on'"), "on\nexit 0, opened yes") << shell;
    EXPECT_EQ(run_traced(shell + " -c \"$(cat x.sh)\""), "exit 0, opened yes") << shell;
  }
  EXPECT_EQ(run_traced("./x.sh"), "exit 0, opened yes");
  EXPECT_EQ(run_traced("bash -c 'source <(cat x.sh); echo on'"), "on\nexit 0, opened yes");
  EXPECT_EQ(run_traced("cat x.sh"), "" + shell_script(marker_) + "exit 0, opened no");
}

TEST_F(CanaryRun, ShellScriptFedToPythonProvesItselfToo) {
  NEEDS("python3");
  put("x", shell_script(marker_));
  EXPECT_EQ(run_traced("cat x | python3"), "exit 0, opened yes");
  EXPECT_EQ(run_traced("python3 -c 'exec(open(\"x\").read())'"), "exit 0, opened yes");
}

TEST_F(CanaryRun, PythonScriptProvesItself) {
  NEEDS("python3");
  put("x.py", python_script(marker_));
  EXPECT_EQ(run_traced("python3 x.py"), "exit 0, opened yes");
  EXPECT_EQ(run_traced("python3 -c 'import x; print(1)'"), "1\nexit 0, opened yes");
  EXPECT_EQ(run_traced("python3 -c 'f = open(\"x.py\"); s = f.read(); print(1)'"), "1\nexit 0, opened no");
}

TEST_F(CanaryRun, JavascriptProvesItselfInScriptsModulesAndEval) {
  NEEDS("node");
  put("x.js", javascript(marker_));
  put("m.mjs", javascript(marker_));
  put("w.js", "new Function(require('fs').readFileSync('x.js', 'utf8'))()");
  put("w.mjs", "import fs from 'fs'; (0, eval)(fs.readFileSync('x.js', 'utf8'))");
  for (const std::string how :
       {"node x.js", "node m.mjs", "node w.js", "node w.mjs", "cat x.js | node",
        "node -e \"require('./x.js')\"", "node -e \"eval(require('fs').readFileSync('x.js', 'utf8'))\"",
        "node -e \"require('vm').runInThisContext(require('fs').readFileSync('x.js', 'utf8'))\""})
    EXPECT_EQ(run_traced(how), "exit 0, opened yes") << how;
}

TEST_F(CanaryRun, PerlPhpAndRubyScriptsProveThemselves) {
  NEEDS("perl");
  NEEDS("php");
  NEEDS("ruby");
  put("x.pl", perl_script(marker_));
  put("x.php", php_script(marker_));
  put("x.rb", ruby_script(marker_));
  put("x.sh", shell_script(marker_));
  for (const std::string how : {"perl x.pl", "cat x.pl | perl", "perl -e 'do \"./x.pl\"'", "perl x.sh",
                                "php x.php", "cat x.php | php", "php -r 'include \"x.php\";'", "ruby x.rb",
                                "cat x.rb | ruby", "ruby -e 'eval File.read(\"x.rb\")'"})
    EXPECT_EQ(run_traced(how), "exit 0, opened yes") << how;
}

TEST_F(CanaryRun, ElfFileStartsAndLoads) {
  NEEDS("python3");
  put("x", elf_program(marker_));
  EXPECT_EQ(run_traced("./x"), "exit 0, opened yes");
  EXPECT_EQ(run_traced("python3 -c 'import ctypes; ctypes.CDLL(\"./x\"); print(1)'"),
            "1\nexit 0, opened yes");
  EXPECT_EQ(run_traced("LD_PRELOAD=./x /bin/true"), "exit 0, opened yes");
}

TEST_F(CanaryRun, ArchivesUnpackToWhatProvesItself) {
  put("a.tar", pack(ArchiveFormat::tar, bundle(marker_, "xmrig-6.21-linux.tar.gz")));
  put("a.tgz", gzip(pack(ArchiveFormat::tar, bundle(marker_, "xmrig-6.21-linux.tar.gz"))));
  put("a.zip", pack(ArchiveFormat::zip, bundle(marker_, "kit.zip")));
  put("a.gz", gzip(shell_script(marker_)));
  put("a.xz", xz(shell_script(marker_)));
  NEEDS("python3");
  EXPECT_EQ(run_traced("tar xf a.tar; ./xmrig"), "exit 0, opened yes");
  EXPECT_EQ(run_traced("tar xzf a.tgz; cd xmrig-6.21-linux; ./configure"), "exit 0, opened yes");
  EXPECT_EQ(run_traced("tar xzf a.tgz; python3 setup.py"), "exit 0, opened yes");
  EXPECT_EQ(run_traced("tar xzf a.tgz"), "exit 0, opened no");
  EXPECT_EQ(run_traced("python3 -m zipfile -e a.zip out; sh out/install.sh"), "exit 0, opened yes");
  EXPECT_EQ(run_traced("gunzip < a.gz | sh"), "exit 0, opened yes");
  EXPECT_EQ(run_traced("xz -dc a.xz | sh"), "exit 0, opened yes");
}

TEST_F(CanaryRun, DebianPackageIsReadByDpkgAndProvesItselfInPostinst) {
  NEEDS("dpkg-deb");
  put("a.deb", debian_package(marker_, "masscan"));
  std::string info = run_traced("dpkg-deb -f a.deb Package Version Architecture");
  EXPECT_EQ(info, "Package: masscan\nVersion: 1.0-1\nArchitecture: all\nexit 0, opened no");
  EXPECT_EQ(run_traced("dpkg-deb -x a.deb out; out/usr/bin/masscan"), "exit 0, opened yes");
  EXPECT_EQ(run_traced("dpkg-deb -e a.deb control; control/postinst configure"), "exit 0, opened yes");
}

TEST_F(CanaryRun, PythonPackageIsBuiltByPipWithoutAnyOther) {
  NEEDS("pip3");
  put("evil-lib-1.2.tar.gz", python_package(marker_, "evil-lib", "1.2"));
  std::string said = run_traced(
      "pip3 install -q --no-index --disable-pip-version-check --target t evil-lib-1.2.tar.gz 2>/dev/null; ls "
      "t");
  EXPECT_TRUE(said.ends_with("evil_lib.py\nexit 0, opened yes")) << said;
}

TEST(Canaries, EachIsUniqueSmallAndNamedByItsHash) {
  Canaries canaries(seed()), again(seed());
  std::set<std::string> markers;
  for (size_t i = 0; i < kCanaryKindCount; ++i) {
    auto kind = static_cast<CanaryKind>(i);
    Canary canary = canaries.make(kind, "a-1.tar.gz");
    EXPECT_EQ(canary.kind, kind);
    EXPECT_LE(canary.bytes.size(), 256u * 1024);
    EXPECT_EQ(canary.sha256, Digest::of(canary.bytes).hex());
    EXPECT_EQ(canary.bytes, again.make(kind, "a-1.tar.gz").bytes) << "the same in the same scan";
    if (kind < CanaryKind::json) {
      EXPECT_TRUE(canary_marker(canary_path(canary.marker))) << to_string(kind);
      EXPECT_TRUE(markers.insert(canary.marker).second);
      EXPECT_NE(canaries.make(kind).marker, canary.marker);
      again.make(kind);
    } else {
      EXPECT_EQ(canary.marker, "");
    }
  }
  EXPECT_EQ(canaries.make_named(CanaryKind::deb, "nmap").bytes,
            canaries.make_named(CanaryKind::deb, "nmap").bytes);
  EXPECT_NE(canaries.make_named(CanaryKind::deb, "nmap").marker,
            canaries.make_named(CanaryKind::deb, "nmap2").marker);
}

TEST(Canaries, KindFollowsFromTheName) {
  std::string seen;
  for (const char* name : {"x.sh",      "X.SH",
                           "/a/b.py",   "a.tar.gz",
                           "a.tgz",     "a.gz",
                           "a.zip",     "a.deb",
                           "a.js",      "a.php",
                           "a.pl",      "a.rb",
                           "a.json",    "i.html",
                           "a.txt",     "lib.so",
                           "bot.x86",   "xmrig-linux-x64",
                           "libx.so.1", "kinsing_aarch64",
                           "bot",       "",
                           "a.b/c"})
    seen += std::string(to_string(kind_for_name(name))) + " ";
  EXPECT_EQ(seen,
            "shell shell python tar_gz tar_gz gzip zip deb javascript php perl ruby json html text elf elf "
            "elf elf elf "
            "shell shell shell ");
}

TEST(Canaries, NamesThatAGuestChoseStayInsideOfTheArchive) {
  for (const char* leaf : {"../../etc/cron.d/x.tar.gz", "..", ".tar.gz", "/", "a\nb.tgz", "-rf.zip"})
    for (const ArchiveFile& file : bundle(std::string(32, '0'), leaf)) {
      EXPECT_EQ(file.name.find(".."), std::string::npos) << file.name;
      EXPECT_NE(file.name[0], '/');
      EXPECT_EQ(file.name.find('\n'), std::string::npos);
    }
  EXPECT_EQ(package_of_deb("../x;rm_1.deb"), "package");
  EXPECT_EQ(package_of_deb("libc++1-16_1.2-3_amd64.deb"), "libc++1-16");
}

}  // namespace
}  // namespace assay::sinkhole
