// Fixed order, little endian, strings behind 32-bit lengths.
#include "agent/inspect/wire/messages.h"

#include <algorithm>

#include "common/byte_codec.h"

namespace assay::inspect {
namespace {

constexpr size_t kMaxPathBytes = 4096, kMaxMimeBytes = 128, kSimilarityBytes = 72, kMaxNamespaceBytes = 128;
constexpr size_t kMaxRuleFiles = 100'000;

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_mime(std::string_view text) {
  return text.size() <= kMaxMimeBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return is_word_char(c) || c == '/' || c == '-' || c == '.' || c == '+';
         });
}

bool is_similarity(std::string_view text) {
  return text.empty() || (text.size() == kSimilarityBytes && text.starts_with("T1") &&
                          std::all_of(text.begin() + 2, text.end(), [](char c) {
                            return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
                          }));
}

bool is_match(std::string_view text) {
  size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.size() > kMaxMatchBytes) return false;
  std::string_view rule = text.substr(colon + 1);
  return is_namespace(text.substr(0, colon)) && !rule.empty() &&
         std::all_of(rule.begin(), rule.end(), is_word_char);
}

using Length = uint32_t;

}  // namespace

bool is_namespace(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNamespaceBytes &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_word_char(c) || c == '-' || c == '.'; });
}

std::string encode_ask(const Ask& ask) {
  ByteWriter w;
  w.number(ask.id);
  w.number(ask.owner_uid);
  w.number(ask.limit_bytes);
  w.number(static_cast<uint8_t>(ask.similarity));
  std::string_view path = ask.path;
  w.text<Length>(path.substr(path.size() - std::min(path.size(), kMaxPathBytes)));
  return w.out;
}

Result<Ask> decode_ask(std::string_view bytes) {
  ByteReader r{bytes};
  Ask ask;
  r.number(ask.id);
  r.number(ask.owner_uid);
  uint8_t similarity = 0;
  r.number(ask.limit_bytes);
  r.number(similarity);
  r.text<Length>(ask.path, kMaxPathBytes);
  ask.similarity = similarity == 1;
  if (!r.whole() || similarity > 1) return Error{Errc::corrupt, "a question of the agent's is malformed"};
  return ask;
}

std::string encode_answer(const Answer& answer) {
  ByteWriter w;
  w.number(answer.id);
  w.number(static_cast<uint8_t>(answer.outcome));
  w.number(static_cast<uint8_t>(answer.partial));
  w.text<Length>(is_mime(answer.mime) ? answer.mime : "");
  w.text<Length>(is_similarity(answer.similarity) ? answer.similarity : "");
  std::vector<std::string_view> sound;
  for (const std::string& match : answer.matches)
    if (is_match(match) && sound.size() < kMaxMatches) sound.emplace_back(match);
  w.number(static_cast<uint8_t>(sound.size()));
  for (std::string_view match : sound) w.text<Length>(match);
  w.number(answer.matches_left_out + static_cast<uint32_t>(answer.matches.size() - sound.size()));
  return w.out;
}

Result<Answer> decode_answer(std::string_view bytes) {
  ByteReader r{bytes};
  Answer answer;
  uint8_t outcome = 0, partial = 0, matches = 0;
  r.number(answer.id);
  r.number(outcome);
  r.number(partial);
  r.text<Length>(answer.mime, kMaxMimeBytes);
  r.text<Length>(answer.similarity, kSimilarityBytes);
  r.number(matches);
  bool sound = matches <= kMaxMatches;
  for (uint8_t i = 0; r.ok && sound && i < matches; ++i) {
    r.text<Length>(answer.matches.emplace_back(), kMaxMatchBytes);
    sound = is_match(answer.matches.back());
  }
  r.number(answer.matches_left_out);
  if (!r.whole() || !sound || outcome > 2 || partial > 1 || !is_mime(answer.mime) ||
      !is_similarity(answer.similarity))
    return Error{Errc::corrupt, "an answer of assay-inspect is malformed"};
  answer.outcome = static_cast<Outcome>(outcome);
  answer.partial = partial == 1;
  return answer;
}

std::string encode_bundle(const std::vector<RuleFile>& files) {
  ByteWriter w;
  w.number(static_cast<uint32_t>(files.size()));
  for (const RuleFile& file : files) {
    w.text<Length>(file.rule_namespace);
    w.text<Length>(file.path);
    w.text<Length>(file.text);
  }
  return w.out;
}

Result<std::vector<RuleFile>> decode_bundle(std::string_view bytes) {
  ByteReader r{bytes};
  std::vector<RuleFile> files;
  uint32_t count = 0;
  r.number(count);
  for (uint32_t i = 0; r.ok && i < count && i < kMaxRuleFiles; ++i) {
    RuleFile& file = files.emplace_back();
    r.text<Length>(file.rule_namespace, kMaxNamespaceBytes);
    r.text<Length>(file.path, kMaxPathBytes);
    r.text<Length>(file.text, bytes.size());
  }
  if (!r.whole()) return Error{Errc::corrupt, "a bundle of rule files is malformed"};
  return files;
}

}  // namespace assay::inspect
