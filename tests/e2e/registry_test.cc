// The same image by archive, by tag and by digest, from a real registry on loopback.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Debian's docker-registry on a free port of 127.0.0.1, ended with the object.
class Registry {
 public:
  explicit Registry(const fs::path& dir) {
    Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    host_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    probe.reset();
    EXPECT_TRUE(write_file(dir / "registry.yml",
                           "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: " +
                               (dir / "registry").string() + "\nhttp:\n  addr: " + host_ + "\n"));
    auto child = spawn({.argv = {"docker-registry", "serve", dir / "registry.yml"}});
    EXPECT_TRUE(child) << child.error().what;
    if (child) child_ = std::move(*child);
    auto deadline = steady_clock::now() + seconds(20);
    for (bool up = false; !up && steady_clock::now() < deadline && child_.running();) {
      Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      up = ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
      if (!up && child_.wait_until(steady_clock::now() + milliseconds(50)))
        ADD_FAILURE() << "docker-registry ended";
    }
  }
  const std::string& host() const { return host_; }
  void push(const fs::path& archive, const std::string& name) {
    auto pushed = run({.argv = {"skopeo", "copy", "--quiet", "--dest-tls-verify=false",
                                "oci-archive:" + archive.string(), "docker://" + host_ + "/" + name}},
                      seconds(60));
    ASSERT_TRUE(pushed) << pushed.error().what;
    ASSERT_EQ(pushed->status.shell_code(), 0) << pushed->err;
  }

 private:
  std::string host_;
  Child child_;
};

nlohmann::json scan(const TempDir& data, const std::string& ref) {
  Ran ran = assay(data, {"scan", ref, "--insecure", "--duration", "6s", "--format", "json"});
  EXPECT_EQ(ran.code, 10) << ran.err;
  return ran.json();
}

TEST(Registry, TagDigestAndArchiveGiveTheSameDigestAndFindings) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Registry registry(data.path());
  registry.push(image("miner"), "team/miner:1.0");
  auto by_tag = scan(data, registry.host() + "/team/miner:1.0");
  ASSERT_TRUE(by_tag.is_object());
  std::string digest = by_tag["image"]["digest"];
  auto by_digest = scan(data, registry.host() + "/team/miner@" + digest);
  auto by_archive = scan(data, "oci-archive:" + image("miner").string());
  EXPECT_EQ(by_digest["image"]["digest"], digest);
  EXPECT_EQ(by_archive["image"]["digest"], digest);
  EXPECT_FALSE(rules(by_tag).empty());
  EXPECT_EQ(rules(by_tag), rules(by_digest));
  EXPECT_EQ(rules(by_tag), rules(by_archive));
}

TEST(Registry, UnknownTagAndRepositoryAreNamed) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Registry registry(data.path());
  registry.push(image("quiet"), "quiet:1");
  for (std::string name : {"quiet:2", "nothing:1"}) {
    Ran ran = assay(data, {"scan", registry.host() + "/" + name, "--insecure", "--duration", "2s"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_NE(ran.err.find(name), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1) << ran.err;
  }
}

}  // namespace
}  // namespace assay::e2e
