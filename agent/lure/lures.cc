// Seeds, and what follows from them.
#include "agent/lure/lures.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace assay::lure {

Result<Seed> random_seed() {
  Seed seed{};
  if (::getrandom(seed.data(), seed.size(), 0) != static_cast<ssize_t>(seed.size()))
    return errno_error("draw a random seed");
  return seed;
}

std::string derive(const Seed& seed, std::string_view purpose, size_t count) {
  std::string out;
  for (uint32_t block = 0; out.size() < count; ++block) {
    std::string message = std::string(purpose) + '\n' + std::to_string(block);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ::HMAC(EVP_sha256(), seed.data(), static_cast<int>(seed.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac, &size);
    out.append(reinterpret_cast<const char*>(mac), std::min<size_t>(size, count - out.size()));
  }
  return out;
}

const Token* Lures::find(std::string_view id) const {
  auto it = std::find_if(tokens.begin(), tokens.end(), [&](const Token& token) { return token.id == id; });
  return it == tokens.end() ? nullptr : &*it;
}

const Token* Lures::of_kind(std::string_view kind) const {
  auto it =
      std::find_if(tokens.begin(), tokens.end(), [&](const Token& token) { return token.kind == kind; });
  return it == tokens.end() ? nullptr : &*it;
}

const Token* Lures::at(std::string_view place, std::string_view kind) const {
  auto it = std::find_if(tokens.begin(), tokens.end(), [&](const Token& token) {
    return token.place == place && (kind.empty() || token.kind == kind);
  });
  return it == tokens.end() ? nullptr : &*it;
}

std::vector<PlantedToken> planted(const std::vector<Token>& tokens) {
  std::vector<PlantedToken> out;
  for (const Token& token : tokens) out.push_back({token.id, token.kind, token.place});
  return out;
}

std::string encode_lures(const Lures& lures) {
  nlohmann::json tokens = nlohmann::json::array();
  for (const Token& token : lures.tokens)
    tokens.push_back({{"id", token.id},
                      {"kind", token.kind},
                      {"place", token.place},
                      {"values", token.values},
                      {"text", token.text}});
  return nlohmann::json({{"persona", static_cast<int>(lures.persona)},
                         {"seed", lures.seed},
                         {"tokens", tokens},
                         {"authority_cert", lures.authority_cert},
                         {"authority_key", lures.authority_key},
                         {"packages", lures.packages}})
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Lures> decode_lures(std::string_view text) {
  try {
    auto json = nlohmann::json::parse(text);
    Lures out;
    out.persona = static_cast<Persona>(json.at("persona").get<int>());
    out.seed = json.at("seed").get<Seed>();
    for (const auto& token : json.at("tokens"))
      out.tokens.push_back(
          {token.at("id"), token.at("kind"), token.at("place"), token.at("values"), token.at("text")});
    out.authority_cert = json.at("authority_cert");
    out.authority_key = json.at("authority_key");
    out.packages = json.at("packages").get<std::vector<std::string>>();
    return out;
  } catch (const nlohmann::json::exception& error) {
    return Error{Errc::corrupt,
                 std::string("the lures handed to the sinkhole are malformed: ") + error.what()};
  }
}

}  // namespace assay::lure
