// Honeytokens look as their issuers' do, and no two scans have anything in common.
#include <gtest/gtest.h>
#include <zlib.h>

#include <nlohmann/json.hpp>
#include <set>

#include "agent/lure/encodings.h"
#include "agent/lure/forms.h"
#include "agent/lure/places.h"
#include "agent/lure/ssh_key.h"
#include "agent/lure/token_finder.h"
#include "common/process.h"
#include "tests/support.h"

namespace assay::lure {
namespace {

Seed seed(uint8_t first) {
  Seed out{};
  out[0] = first;
  return out;
}

std::vector<Token> drawn(uint8_t first, Persona persona) {
  return draw_tokens(seed(first), {persona, {"/root", "/home/app"}, "4f1d2c3b5a69", 1'790'000'000});
}

const Token& at(const std::vector<Token>& tokens, const std::string& id) {
  for (const Token& token : tokens)
    if (token.id == id) return token;
  ADD_FAILURE() << "no " << id;
  return tokens.front();
}

// What follows `before` in the text, up to a blank, a quote or an @.
std::string after(const std::string& text, const std::string& before) {
  size_t from = text.find(before);
  if (from == std::string::npos) return "";
  from += before.size();
  return text.substr(from, text.find_first_of(" \n\"@", from) - from);
}

std::string decoded(std::string_view text, std::string_view alphabet, unsigned bits) {
  std::string out;
  uint32_t buffer = 0;
  unsigned held = 0;
  for (char c : text) {
    buffer = buffer << bits | static_cast<uint32_t>(alphabet.find(c));
    if ((held += bits) < 8) continue;
    held -= 8;
    out += static_cast<char>(buffer >> held);
  }
  return out;
}

TEST(Tokens, EachIsFoundInItsTextAndOfAnotherScanNothingIs) {
  for (Persona persona : {Persona::bare, Persona::kubernetes, Persona::ci, Persona::cloud}) {
    auto ours = drawn(1, persona), theirs = drawn(2, persona);
    TokenFinder finder(ours);
    std::set<std::string> ids;
    for (size_t i = 0; i < ours.size(); ++i) {
      const Token& token = ours[i];
      EXPECT_TRUE(ids.insert(token.id).second) << token.id;
      for (const std::string& value : token.values) EXPECT_GE(value.size(), 16u) << token.id;
      if (token.values.empty()) continue;
      for (const std::string& sent : {token.text, base64(token.text), encode_bits("x" + token.text, kBase32),
                                      encode_bits(token.text, kHex)}) {
        TokenFinder::Stream stream;
        auto hits = finder.scan(stream, sent);
        ASSERT_EQ(hits.size(), 1u) << token.id;
        EXPECT_EQ(hits[0].token, i);
      }
    }
    TokenFinder::Stream stream;
    for (const Token& token : theirs) {
      EXPECT_TRUE(finder.scan(stream, token.text).empty()) << token.id;
      EXPECT_TRUE(finder.scan(stream, base64(token.text)).empty()) << token.id;
    }
  }
}

TEST(Tokens, StandWhereEachPersonaHasThem) {
  auto places = [](Persona persona) {
    std::string out;
    for (const Token& token : draw_tokens(seed(1), {persona, {"/root"}, "", 0}))
      if (!token.place.starts_with("/root/") && token.place.find("://") == std::string::npos)
        out += token.id + "\n";
    return out;
  };
  std::string sockets =
      "docker_socket:/var/run/docker.sock\ncontainerd_socket:/run/containerd/containerd.sock\n";
  EXPECT_EQ(places(Persona::bare), sockets);
  EXPECT_EQ(places(Persona::kubernetes),
            "kubernetes_token:/var/run/secrets/kubernetes.io/serviceaccount/token\n");
  EXPECT_EQ(places(Persona::cloud), "aws_key:env:AWS_SECRET_ACCESS_KEY\n" + sockets);
  EXPECT_EQ(places(Persona::ci),
            "github:env:GITHUB_TOKEN\nnpm:env:NPM_TOKEN\npypi:env:TWINE_PASSWORD\ngitlab:env:CI_JOB_TOKEN\n"
            "slack:env:SLACK_BOT_TOKEN\naws_key:env:AWS_SECRET_ACCESS_KEY\n"
            "database_password:env:STAGING_DB_PASSWORD\n" +
                sockets);
}

TEST(Tokens, CarryTheirIssuersChecksums) {
  auto tokens = drawn(3, Persona::ci);
  for (const auto& [id, prefix] :
       {std::pair{"git_credentials:/root/.git-credentials", "ghp_"},
        std::pair{"github:/home/app/.config/gh/hosts.yml", "gho_"},
        std::pair{"github:env:GITHUB_TOKEN", "ghs_"}, std::pair{"npm:/root/.npmrc", "npm_"}}) {
    std::string secret = after(at(tokens, id).text, prefix);
    ASSERT_EQ(secret.size(), 36u) << id;
    uint64_t sum = ::crc32(0, reinterpret_cast<const Bytef*>(secret.data()), 30);
    EXPECT_EQ(secret.substr(30), in_base(sum, kBase62, 6)) << id;
  }
}

TEST(Tokens, CloudKeysHoldTheirAccount) {
  std::set<std::string> accounts;
  size_t keys = 0;
  for (const Token& token : drawn(4, Persona::cloud)) {
    if (token.kind != "aws_key") continue;
    ++keys;
    EXPECT_TRUE(token.values[0].starts_with("AKIA") || token.values[0].starts_with("ASIA"));
    std::string raw = decoded(token.values[0].substr(4), kBase32, 5);
    ASSERT_EQ(raw.size(), 10u);
    uint64_t head = 0;
    for (size_t i = 0; i < 6; ++i) head = head << 8 | static_cast<uint8_t>(raw[i]);
    std::string account = std::to_string((head & 0x7fffffffff80) >> 7);
    EXPECT_EQ(account.size(), 12u);
    EXPECT_EQ(aws_account(token.values[0]), account);
    accounts.insert(account);
    EXPECT_EQ(token.values[1].size(), 40u);
  }
  EXPECT_EQ(accounts.size(), keys);
}

TEST(Tokens, AServiceAccountsTokenIsAJwtOfItsPod) {
  std::string token =
      at(drawn(5, Persona::kubernetes), std::string("kubernetes_token:") + kServiceAccountToken).text;
  size_t first = token.find('.'), second = token.rfind('.');
  auto header = nlohmann::json::parse(decoded(token.substr(0, first), kBase64Url, 6));
  auto claims = nlohmann::json::parse(decoded(token.substr(first + 1, second - first - 1), kBase64Url, 6));
  EXPECT_EQ(header["alg"], "RS256");
  EXPECT_EQ(claims["sub"], "system:serviceaccount:production:default");
  EXPECT_EQ(claims["kubernetes.io"]["pod"]["name"], "4f1d2c3b5a69");
  EXPECT_LE(claims["iat"], 1'790'000'000);
  EXPECT_GT(claims["exp"], 1'790'000'000);
  EXPECT_EQ(decoded(jwt_signature(token), kBase64Url, 6).size(), 256u);
}

TEST(Tokens, PypiTokensBeginAsTheRegistrysDo) {
  EXPECT_TRUE(
      at(drawn(6, Persona::ci), "pypi:env:TWINE_PASSWORD").text.starts_with("pypi-AgEIcHlwaS5vcmcCJ"));
}

TEST(Tokens, FilesInJsonAreJson) {
  for (const Token& token : drawn(7, Persona::bare))
    EXPECT_TRUE(!token.place.ends_with(".json") || nlohmann::json::accept(token.text)) << token.id;
}

TEST(SshKey, IsReadByOpenSsh) {
  auto program = find_program("ssh-keygen");
  ASSAY_NEED(program, "ssh-keygen (package openssh-client)");
  TempDir dir;
  std::string path = dir.path() / "key";
  for (uint8_t i = 0; i < 4; ++i) {
    // Comments of different lengths move the padding.
    SshKey key = make_ssh_key(derive(seed(i), "s", 32), "abcd", std::string(5u + i, 'c'));
    ASSERT_TRUE(write_file(path, key.private_text, 0600));
    Command command;
    command.argv = {"ssh-keygen", "-y", "-f", path};
    auto output = run(std::move(command), std::chrono::seconds(10));
    ASSERT_TRUE(output) << output.error().what;
    EXPECT_EQ(output->out, key.public_line) << output->err;
    size_t secret = 0;
    for (const std::string& part : key.secret_parts) secret += part.size();
    EXPECT_GE(secret, 26u);  // of 42; a line's end may have cut less than a window off
    EXPECT_LE(secret, 42u);
  }
}

}  // namespace
}  // namespace assay::lure
