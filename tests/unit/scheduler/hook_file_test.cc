// The hook file, and what proves a secret.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/encodings.h"
#include "common/fd.h"
#include "scheduler/hooks/hook.h"
#include "scheduler/hooks/verify.h"
#include "tests/support.h"

namespace assay::hooks {
namespace {

const std::string kHash = "sha256:" + std::string(64, '0');

std::string error(const std::string& text) {
  auto hooks = parse_hooks(text);
  return hooks ? "" : hooks.error().what;
}

TEST(HookFile, ReadsHooksWithTheirOptions) {
  auto hooks = parse_hooks("# comment\n\nnight harbor team " + kHash +
                           " host=harbor.example repositories=team/*,!team/test-* lane=sweep per_minute=5 "
                           "untagged=yes insecure=yes # old\n"
                           "amazon ecr ops " +
                           kHash + " queue=https://sqs.eu-west-1.amazonaws.com/1/q region=eu-west-1\n" +
                           "gh github ops secret:0123456789abcdef\n");
  ASSERT_TRUE(hooks) << hooks.error().what;
  ASSERT_EQ(hooks->size(), 3u);
  const Hook& hook = (*hooks)[0];
  EXPECT_EQ(hook.name + " " + to_string(hook.sender) + " " + hook.tenant, "night harbor team");
  EXPECT_EQ(options_text(hook),
            " host=harbor.example repositories=team/*,!team/test-* lane=sweep per_minute=5 untagged=yes "
            "insecure=yes");
  EXPECT_EQ((*hooks)[1].queue, "https://sqs.eu-west-1.amazonaws.com/1/q");
  EXPECT_EQ((*hooks)[2].secret, "0123456789abcdef");
}

TEST(HookFile, NamesTheLineAndTheRule) {
  EXPECT_EQ(error("x\n"), "line 1: is not NAME SENDER TENANT SECRET [OPTION...]");
  EXPECT_EQ(
      error("\nX harbor t " + kHash),
      "line 2: 'X' is no name for a hook: 1 to 64 of a-z, 0-9, '-', '_' and '.', a letter or digit first");
  EXPECT_EQ(error("x quay t " + kHash),
            "line 1: 'quay' is no sender; there are registry, harbor, dockerhub, github, gitlab and ecr");
  EXPECT_EQ(error("x harbor t secret:abc"), "line 1: the secret of a harbor hook is kept as sha256:HEX");
  EXPECT_EQ(error("x harbor t sha256:1"), "line 1: the secret is not sha256: and 64 hex digits");
  EXPECT_EQ(error("x github t secret:short"), "line 1: the secret has not 16 to 256 bytes");
  EXPECT_EQ(error("x harbor t " + kHash + " queue=https://a"),
            "line 1: option queue: 'queue' is for hooks of ecr alone");
  EXPECT_EQ(error("x harbor t " + kHash + " per_minute=0"),
            "line 1: option per_minute: '0' is not a number from 1 to 100000");
  EXPECT_NE(error("x harbor t " + kHash + " colour=red").find("is none of host, repositories"),
            std::string::npos);
  EXPECT_NE(error("x harbor t " + kHash + " host=registry").find("is no registry"), std::string::npos);
  EXPECT_NE(error("x harbor t " + kHash + "\nx ecr t " + kHash).find("line 2: there is a hook named 'x'"),
            std::string::npos);
}

TEST(HookFile, ASecretIsShownOnceAndKeptAsItsHash) {
  TempDir dir;
  auto file = dir.path() / "hooks";
  EXPECT_TRUE(load_hooks(file)->empty()) << "no file: no hooks";
  Hook hook;
  hook.name = "night";
  hook.sender = Sender::harbor;
  hook.tenant = "team";
  hook.repositories = {"team/*"};
  auto secret = add_hook(file, hook);
  ASSERT_TRUE(secret) << secret.error().what;
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(read_file(file, 1 << 20)->find(*secret), std::string::npos);
  auto again = add_hook(file, hook);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::conflict);
  auto hooks = load_hooks(file);
  ASSERT_EQ(hooks->size(), 1u);
  Proof proof;
  proof.authorization = "Bearer " + *secret;
  EXPECT_TRUE(knows_secret(hooks->front(), proof));
  hook.name = "gh";
  hook.sender = Sender::github;
  ASSERT_TRUE(add_hook(file, hook));
  EXPECT_TRUE(revoke_hook(file, "night"));
  EXPECT_EQ(revoke_hook(file, "night").error().code, Errc::not_found);
  EXPECT_EQ(load_hooks(file)->size(), 1u);
}

// A blank in an option would be another option, a '#' the line's end.
TEST(HookFile, AnOptionThatNoLineCanHoldIsNotWritten) {
  TempDir dir;
  auto file = dir.path() / "hooks";
  Hook hook;
  hook.name = "x";
  hook.tenant = "t";
  hook.repositories = {"a b"};
  EXPECT_FALSE(add_hook(file, hook));
  hook.repositories = {"a\ny ecr t " + kHash};
  EXPECT_FALSE(add_hook(file, hook));
  hook.repositories = {"a#b"};
  EXPECT_FALSE(add_hook(file, hook));
  EXPECT_FALSE(std::filesystem::exists(file));
}

Hook with(Sender sender, const std::string& secret) {
  Hook hook;
  hook.sender = sender;
  hook.digest = Digest::of(secret);
  if (sender == Sender::github) hook.secret = secret;
  return hook;
}

TEST(HookVerify, ASecretIsTakenWhereItsSenderPutsIt) {
  const std::string secret = "0123456789abcdef";
  Proof bare, bearer, basic, gitlab, key, path;
  bare.authorization = secret;
  bearer.authorization = "Bearer " + secret;
  basic.authorization = "Basic " + base64("anybody:" + secret);
  gitlab.gitlab_token = secret;
  key.api_key = secret;
  path.segment = secret;
  auto taken = [&](Sender sender) {
    std::string out;
    for (const Proof* proof : {&bare, &bearer, &basic, &gitlab, &key, &path})
      out += knows_secret(with(sender, secret), *proof) ? '1' : '0';
    return out;
  };
  EXPECT_EQ(taken(Sender::registry), "111000");
  EXPECT_EQ(taken(Sender::harbor), "111000");
  EXPECT_EQ(taken(Sender::gitlab), "111100");
  EXPECT_EQ(taken(Sender::ecr), "111010");
  EXPECT_EQ(taken(Sender::dockerhub), "000001");
  EXPECT_EQ(taken(Sender::github), "000000") << "its bodies are signed";
}

TEST(HookVerify, AnythingElseIsNoSecret) {
  Hook hook = with(Sender::harbor, "0123456789abcdef");
  for (const std::string& text :
       {std::string(), std::string("Bearer "), std::string("0123456789abcdeF"),
        std::string("0123456789abcde"), std::string("Basic !!!!"),
        std::string("Basic " + base64("0123456789abcdef")), std::string("Basic ===="), std::string("Basic "),
        std::string(5000, 'x'), hook.digest.str()}) {
    Proof proof;
    proof.authorization = text;
    EXPECT_FALSE(knows_secret(hook, proof)) << text.substr(0, 40);
  }
  EXPECT_FALSE(knows_secret(hook, Proof()));
}

// The example of GitHub's own page "Validating webhook deliveries".
TEST(HookVerify, ASignatureIsOverTheBodyAsItWasSent) {
  Hook hook = with(Sender::github, "It's a Secret to Everybody");
  const std::string body = "Hello, World!";
  const std::string good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  EXPECT_TRUE(is_signed(hook, good, body));
  EXPECT_FALSE(is_signed(hook, good, body + " "));
  EXPECT_FALSE(is_signed(hook, good.substr(0, good.size() - 1), body));
  EXPECT_FALSE(is_signed(hook, "sha1=" + good.substr(7), body));
  EXPECT_FALSE(is_signed(hook, std::nullopt, body));
  EXPECT_FALSE(is_signed(with(Sender::github, ""), good, body));
  EXPECT_FALSE(is_signed(with(Sender::github, "another secret"), good, body));
}

}  // namespace
}  // namespace assay::hooks
