// How fast bytes are looked through for honeytokens, beside a search of their plain values alone (memmem, one
// after the other): text without any, pieces of 4 KiB as a connection brings them.
#include "agent/lure/token_finder.h"

#include <chrono>
#include <cstdio>
#include <cstring>

#include "agent/lure/encodings.h"

int main() {
  using namespace assay::lure;
  using Clock = std::chrono::steady_clock;
  constexpr size_t kPiece = 4096, kRounds = 1 << 17;
  assay::lure::Seed seed{};
  std::vector<Token> tokens;
  for (int i = 0; i < 40; ++i)
    tokens.push_back({std::to_string(i), "x", "/x", {base64(derive(seed, std::to_string(i), 30))}});
  std::string text = base64(derive(seed, "text", 3 << 20));
  auto measure = [&](const char* what, size_t rounds, auto&& look) {
    auto start = Clock::now();
    for (size_t i = 0; i < rounds; ++i) look(std::string_view(text).substr(i * kPiece % (3 << 20), kPiece));
    double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::printf("%-40s %8.0f MB/s\n", what, static_cast<double>(rounds * kPiece) / 1e6 / seconds);
  };
  size_t hits = 0;
  TokenFinder finder(tokens);
  TokenFinder::Stream stream;
  measure("every encoding of 40 values", kRounds,
          [&](auto piece) { hits += finder.scan(stream, piece).size(); });
  measure("memmem of 40 values", kRounds / 64, [&](auto piece) {
    for (const Token& token : tokens)
      hits += ::memmem(piece.data(), piece.size(), token.values[0].data(), token.values[0].size()) != nullptr;
  });
  return hits == 0 ? 0 : 1;
}
