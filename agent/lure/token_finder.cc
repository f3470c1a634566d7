// Whatever is proof is kWindow characters long, so one of every nine positions of a stream begins eight
// characters that lie inside of it: only those positions are looked at, as one number each, first in a
// bitmap. What passes is compared to both sides.
#include "agent/lure/token_finder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>
#include <utility>

#include "agent/lure/encodings.h"
#include "common/ascii.h"

namespace assay::lure {
namespace {

constexpr std::string_view kBase32Hex = "0123456789ABCDEFGHIJKLMNOPQRSTUV";     // RFC 4648 section 7
constexpr std::string_view kBase32Iodine = "abcdefghijklmnopqrstuvwxyz012345";  // as DNS tunnels have it
constexpr size_t kBitsPerGram = 32;
constexpr size_t kMaxPatternBytes = 4096;

// Eight characters at once, A to Z in lower case, as one number.
uint64_t load(const char* from) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  uint64_t word;
  std::memcpy(&word, from, sizeof word);
  uint64_t low = word & (kOnes * 0x7f);
  // The high bit of a byte becomes set where it is at least 'A', and above 'Z'.
  uint64_t from_a = low + kOnes * (0x80 - 'A'), beyond_z = low + kOnes * (0x80 - 'Z' - 1);
  uint64_t is_upper = (from_a ^ beyond_z) & ~word & (kOnes * 0x80);
  return word | is_upper >> 2;
}

uint64_t spread(uint64_t key, int bits) { return key * 0x9e3779b97f4a7c15 >> (64 - bits); }

std::string percent_all(std::string_view bytes) {
  std::string out, hex = encode_bits(bytes, kHex);
  for (size_t i = 0; i < hex.size(); i += 2) out.append("%").append(hex, i, 2);
  return out;
}

}  // namespace

TokenFinder::TokenFinder(const std::vector<Token>& tokens) : tokens_(tokens.size()) {
  for (size_t i = 0; i < tokens.size(); ++i)
    for (const std::string& value : tokens[i].values) add_encodings(i, value);
  for (size_t i = 0; i < patterns_.size(); ++i)
    for (size_t at = 0; at + kGram <= patterns_[i].text.size(); ++at)
      grams_.push_back(
          {load(patterns_[i].text.data() + at), static_cast<uint32_t>(i), static_cast<uint32_t>(at)});
  std::sort(grams_.begin(), grams_.end(), [](const Gram& a, const Gram& b) {
    return std::tie(a.key, a.pattern, a.at) < std::tie(b.key, b.pattern, b.at);
  });
  may_be_.resize(std::bit_ceil(grams_.size() * kBitsPerGram / 64 + 1));
  bits_ = std::countr_zero(may_be_.size() * 64);
  for (const Gram& gram : grams_) {
    uint64_t bit = spread(gram.key, bits_);
    may_be_[bit / 64] |= uint64_t{1} << bit % 64;
  }
}

void TokenFinder::add(size_t token, const char* encoding, std::string text) {
  if (text.size() < kGram) return;
  text.resize(std::min(text.size(), kMaxPatternBytes));
  text = ascii_lower(text);
  step_ = std::min(step_, std::min(text.size(), kWindow) - kGram + 1);
  patterns_.push_back({std::move(text), token, encoding});
}

void TokenFinder::add_encodings(size_t token, const std::string& value) {
  add(token, "plain", value);
  for (std::string_view alphabet : {kBase64, kBase64Url})
    for (size_t before = 0; before < 3; ++before)
      add(token, "base64", encode_bits(value, alphabet, before, true));
  for (std::string_view alphabet : {kBase32, kBase32Hex, kBase32Iodine})
    for (size_t before = 0; before < 5; ++before)
      add(token, "base32", encode_bits(value, alphabet, before, true));
  add(token, "hex", encode_bits(value, kHex));
  add(token, "url", percent_all(value));
  // What has nothing to encode is plain.
  for (std::string_view kept : {"", "/", "/+="})
    if (std::string text = percent_encode(value, kept); text != value) add(token, "url", std::move(text));
}

std::vector<TokenHit> TokenFinder::scan(Stream& stream, std::string_view bytes) const {
  std::vector<TokenHit> hits;
  if (grams_.empty() || bytes.empty()) return hits;
  stream.seen.resize(tokens_);
  if (!stream.tail.empty()) {
    // Whatever crosses the border, with some bytes more for the excerpt.
    stream.tail += bytes.substr(0, kExcerptBytes);
    look(stream, stream.tail, hits);
  }
  look(stream, bytes, hits);
  if (bytes.size() >= kExcerptBytes || stream.tail.empty())
    stream.tail = bytes.substr(bytes.size() - std::min(bytes.size(), kWindow - 1));
  else
    stream.tail.erase(0, stream.tail.size() - std::min(stream.tail.size(), kWindow - 1));
  return hits;
}

void TokenFinder::look(Stream& stream, std::string_view bytes, std::vector<TokenHit>& hits) const {
  for (size_t at = 0; at + kGram <= bytes.size(); at += step_) {
    uint64_t key = load(bytes.data() + at);
    uint64_t bit = spread(key, bits_);
    if (may_be_[bit / 64] >> bit % 64 & 1) compare(stream, bytes, at, key, hits);
  }
}

void TokenFinder::compare(Stream& stream, std::string_view bytes, size_t at, uint64_t key,
                          std::vector<TokenHit>& hits) const {
  auto gram = std::lower_bound(grams_.begin(), grams_.end(), key,
                               [](const Gram& a, uint64_t wanted) { return a.key < wanted; });
  for (; gram != grams_.end() && gram->key == key; ++gram) {
    const Pattern& pattern = patterns_[gram->pattern];
    if (stream.seen[pattern.token]) continue;
    const size_t needed = std::min(kWindow, pattern.text.size());
    size_t from = at, first = gram->at, size = kGram;
    while (size < needed && from > 0 && first > 0 && ascii_lower(bytes[from - 1]) == pattern.text[first - 1])
      --from, --first, ++size;
    while (size < needed && from + size < bytes.size() && first + size < pattern.text.size() &&
           ascii_lower(bytes[from + size]) == pattern.text[first + size])
      ++size;
    if (size < needed) continue;
    stream.seen[pattern.token] = true;
    size_t begin = from - std::min(from, (kExcerptBytes - kWindow) / 2);
    hits.push_back({pattern.token, pattern.encoding, std::string(bytes.substr(begin, kExcerptBytes))});
  }
}

}  // namespace assay::lure
