// Real clients against http over a loopback socket: what they make of its answers, beyond what a test of ours
// would think of.
#include <gtest/gtest.h>

#include "agent/lure/archive_key.h"
#include "common/process.h"
#include "tests/support.h"
#include "tests/unit/sinkhole/web_server.h"

namespace assay::sinkhole {
namespace {

class Clients : public testing::Test {
 protected:
  std::string sh(const std::string& script) {
    Command command;
    command.argv = {"sh", "-ec", "cd " + dir_.path().string() + "\n" + script};
    command.env = std::vector<std::string>{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                                           "HOME=" + dir_.path().string(), "U=" + server_.url("")};
    auto output = run(std::move(command), std::chrono::seconds(120));
    if (!output) return output.error().what;
    return output->out + (output->status.shell_code() == 0 ? "" : "<failed> " + output->err);
  }
  TempDir dir_;
  WebServer server_;
};

#define NEEDS(program) ASSAY_NEED(find_program(program), program)

TEST_F(Clients, CurlUploadsDownloadsAndContinues) {
  NEEDS("curl");
  EXPECT_EQ(sh("curl -sf $U/x.sh -o x && tail -1 x"), "# '''\n");
  EXPECT_EQ(sh("head -c 100 x >y; curl -sf -C - $U/x.sh -o y; wc -c <y"), sh("wc -c <x"));
  EXPECT_EQ(sh("head -c 3000000 /dev/zero >up; curl -sf -T up $U/up; curl -sf --data-binary @up -H 'Accept: "
               "text/plain' $U/gate"),
            "ok\n");
  EXPECT_EQ(sh("curl -sf -H 'Transfer-Encoding: chunked' -d a=b $U/gate; curl -sfI $U/x.json | head -1"),
            "{\"ok\":true}\nHTTP/1.1 200 OK\r\n");
  EXPECT_EQ(sh("curl -sf -F file=@x -F a=b $U/a $U/b"), "{\"ok\":true}\n{\"ok\":true}\n");
}

TEST_F(Clients, WgetContinuesAndMirrors) {
  NEEDS("wget");
  EXPECT_EQ(sh("wget -q $U/x.sh; head -c 50 x.sh >part; mv part x.sh; wget -qc $U/x.sh; wc -c <x.sh; wget "
               "-qc $U/x.sh"),
            "220\n");
  EXPECT_EQ(sh("wget -q --spider $U/y.sh && echo there"), "there\n");
  EXPECT_EQ(sh("wget -qr -l1 $U/index.html; ls *:*/"), "about.html\nindex.html\nrobots.txt\n");
}

TEST_F(Clients, PythonAndNodeAgreeWithTheirLibraries) {
  NEEDS("python3");
  NEEDS("node");
  EXPECT_EQ(sh(R"(python3 -c "
import http.client, os, urllib.request as u
base = os.environ['U']
print(u.urlopen(u.Request(base + '/api', data=b'x' * 70000, method='PUT')).status)
c = http.client.HTTPConnection(base[7:])
for i in range(3):
    c.request('POST', '/g', body=iter([b'a', b'b' * 3000]), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})
    print(c.getresponse().read().decode(), end='')
")"),
            "201\n{\"ok\":true}\n{\"ok\":true}\n{\"ok\":true}\n");
  EXPECT_EQ(
      sh(R"js(node -e "fetch(process.env.U + '/api/x').then(r => r.json()).then(j => console.log(j.status))")js"),
      "ok\n");
}

TEST_F(Clients, PipInstallsFromTheIndex) {
  NEEDS("pip3");
  EXPECT_EQ(sh("pip3 install -q --no-cache-dir --disable-pip-version-check --target t -i $U/simple/ "
               "'Evil.Lib>=3,<5' other 2>/dev/null; ls t | grep py$"),
            "evil_lib.py\nother.py\n");
  EXPECT_EQ(server_.canaries(), "tar_gz evil-lib-4.99.0.tar.gz;tar_gz other-9.99.0.tar.gz;");
}

TEST_F(Clients, NpmInstallsFromTheRegistry) {
  if (!find_program("npm"))
    GTEST_SKIP() << "needs npm, which Debian keeps apart from nodejs, with 500 packages";
  EXPECT_EQ(sh("npm install --silent --registry $U/ evil-lib@^4.17.1 @scope/other >log 2>&1; ls node_modules "
               "node_modules/@scope"),
            "node_modules:\n@scope\nevil-lib\n\nnode_modules/@scope:\nother\n");
  std::string canaries = server_.canaries();
  EXPECT_NE(canaries.find("tar_gz evil-lib-4.99.0.tgz;"), std::string::npos) << canaries;
  EXPECT_NE(canaries.find("tar_gz other-9.99.0.tgz;"), std::string::npos) << canaries;
}

// Under an own root, which trusts the keyring that is planted into images, or nobody.
const char* kApt = R"(
rm -rf state cache; mkdir -p state/lists/partial cache/archives/partial
: >status
echo "deb [arch=$(dpkg --print-architecture) $OPTION] $U/debian stable main contrib" >sources
apt="apt-get -qq -o Dir::Etc::SourceList=$PWD/sources -o Dir::Etc::SourceParts=/dev/null -o Dir::State=$PWD/state -o Dir::Cache=$PWD/cache
  -o Dir::Etc::Trusted=/dev/null -o Dir::Etc::TrustedParts=/dev/null -o Dir::State::Status=$PWD/status -o APT::Sandbox::User=root"
$apt update
$apt download nmap own-package masscan
ls *.deb
dpkg-deb -f nmap_1.0-1_all.deb Package)";
constexpr const char* kDownloaded =
    "masscan_1.0-1_all.deb\nnmap_1.0-1_all.deb\nown-package_1.0-1_all.deb\nnmap\n";

TEST_F(Clients, AptUpdatesAndDownloadsFromTheMirrorThatItsKeyringTrusts) {
  NEEDS("apt-get");
  ASSERT_TRUE(write_file(dir_.path() / "ring.gpg", lure::archive_keyring(web_lures().seed)));
  EXPECT_EQ(sh("OPTION=signed-by=$PWD/ring.gpg" + std::string(kApt)), kDownloaded);
  EXPECT_EQ(sh("OPTION=trusted=yes" + std::string(kApt)), kDownloaded);
  EXPECT_NE(sh("OPTION=" + std::string(kApt)).find("NO_PUBKEY"), std::string::npos);
}

}  // namespace
}  // namespace assay::sinkhole
