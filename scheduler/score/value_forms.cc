// Transformations of values, each from a list of forms to a list of forms.
#include "scheduler/score/value_forms.h"

#include <algorithm>

#include "common/encodings.h"
#include "common/text.h"
#include "scheduler/score/match.h"

namespace assay {
namespace {

constexpr size_t kMaxFormBytes = 1 << 20;  // of all forms of one value

bool is_word(uint16_t token) {
  return (token >= '0' && token <= '9') || (token >= 'A' && token <= 'Z') || (token >= 'a' && token <= 'z') ||
         token == '_' || (token >= 0x80 && token <= 0xff);
}

const char* const kDashes[] = {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"};

// The length of the dash that begins at `at`, or 0.
size_t dash_at(const Tokens& tokens, size_t at) {
  for (std::string_view dash : kDashes) {
    bool same = at + dash.size() <= tokens.size();
    for (size_t i = 0; same && i < dash.size(); ++i) same = tokens[at + i] == static_cast<uint8_t>(dash[i]);
    if (same) return dash.size();
  }
  return 0;
}

// A dash introduces an option where a word follows it and none precedes it: of "-a b-c" the first.
Result<std::vector<Tokens>> windash(const Tokens& tokens) {
  std::vector<Tokens> out = {{}};
  bool after_word = false;
  for (size_t i = 0; i < tokens.size();) {
    size_t length = dash_at(tokens, i);
    bool option = length > 0 && !after_word && i + length < tokens.size() && is_word(tokens[i + length]) &&
                  dash_at(tokens, i + length) == 0;
    if (!option) {
      size_t step = std::max<size_t>(length, 1);
      for (auto& form : out)
        form.insert(form.end(), tokens.begin() + static_cast<ptrdiff_t>(i),
                    tokens.begin() + static_cast<ptrdiff_t>(i + step));
      after_word = length == 0 && is_word(tokens[i]);
      i += step;
      continue;
    }
    if (out.size() * std::size(kDashes) > kMaxForms)
      return Error{Errc::limit, "'windash' makes more than " + std::to_string(kMaxForms) + " forms"};
    std::vector<Tokens> next;
    for (const auto& form : out)
      for (std::string_view dash : kDashes) {
        next.push_back(form);
        for (char c : dash) next.back().push_back(static_cast<uint8_t>(c));
      }
    out = std::move(next);
    after_word = false;
    i += length;
  }
  return out;
}

// One code point of UTF-8 at `at`, which moves behind it; a byte that is none stands for itself.
uint32_t code_point(const Tokens& tokens, size_t& at) {
  uint32_t first = tokens[at++];
  size_t more = first >= 0xf0 && first < 0xf8 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (more == 0 || first >= 0xf8 || at + more > tokens.size()) return first;
  uint32_t value = first & (0x3fu >> more);
  for (size_t i = 0; i < more; ++i) {
    if (tokens[at + i] > 0xff || (tokens[at + i] & 0xc0) != 0x80) return first;
    value = value << 6 | (tokens[at + i] & 0x3fu);
  }
  at += more;
  return value;
}

// Wildcards stay; ? is one unit of two bytes.
Tokens utf16(const Tokens& tokens, bool big_endian, bool mark) {
  Tokens out;
  auto unit = [&](uint32_t value) {
    auto high = static_cast<uint16_t>(value >> 8 & 0xff), low = static_cast<uint16_t>(value & 0xff);
    out.push_back(big_endian ? high : low);
    out.push_back(big_endian ? low : high);
  };
  if (mark) unit(0xfeff);
  for (size_t at = 0; at < tokens.size();) {
    if (tokens[at] > 0xff) {
      out.insert(out.end(), tokens[at] == Glob::kOne ? 2 : 1, tokens[at]);
      ++at;
      continue;
    }
    uint32_t point = code_point(tokens, at);
    if (point < 0x10000) {
      unit(point);
    } else {
      unit(0xd800 + ((point - 0x10000) >> 10));
      unit(0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  return out;
}

std::string bytes_of(const Tokens& tokens) {
  std::string out;
  for (uint16_t token : tokens) out += static_cast<char>(token);
  return out;
}

Tokens literal(std::string_view text) {
  Tokens out;
  for (char c : text) out.push_back(static_cast<uint8_t>(c));
  return out;
}

// The part of the encoding that does not depend on what stands around the text, for each of its three
// positions.
std::vector<Tokens> base64_offsets(const std::string& bytes) {
  std::vector<Tokens> out;
  for (size_t before = 0; before < 3; ++before)
    if (std::string part = encode_bits(bytes, kBase64, before, true); !part.empty())
      out.push_back(literal(part));
  return out;
}

Result<std::vector<Tokens>> transformed(Tokens tokens, const std::string& modifier) {
  if (modifier == "windash") return windash(tokens);
  if (modifier == "utf16le" || modifier == "wide") return std::vector<Tokens>{utf16(tokens, false, false)};
  if (modifier == "utf16be") return std::vector<Tokens>{utf16(tokens, true, false)};
  if (modifier == "utf16") return std::vector<Tokens>{utf16(tokens, false, true)};
  if (modifier == "base64" || modifier == "base64offset") {
    if (std::any_of(tokens.begin(), tokens.end(), [](uint16_t token) { return token > 0xff; }))
      return Error{Errc::invalid,
                   "'" + modifier + "' of a text with wildcards; escape them, and put 'contains' behind it"};
    if (modifier == "base64") return std::vector<Tokens>{literal(base64(bytes_of(tokens)))};
    auto offsets = base64_offsets(bytes_of(tokens));
    if (offsets.size() < 3) return Error{Errc::invalid, "too short for 'base64offset'"};
    return offsets;
  }
  if (modifier == "contains" || modifier == "endswith") tokens.insert(tokens.begin(), Glob::kAny);
  if (modifier == "contains" || modifier == "startswith") tokens.push_back(Glob::kAny);
  return std::vector<Tokens>{std::move(tokens)};
}

}  // namespace

Tokens tokens_of(std::string_view text) {
  Tokens out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size() && (text[i + 1] == '*' || text[i + 1] == '?' || text[i + 1] == '\\'))
      c = text[++i];
    else if (c == '*') {
      if (out.empty() || out.back() != Glob::kAny) out.push_back(Glob::kAny);
      continue;
    } else if (c == '?') {
      out.push_back(Glob::kOne);
      continue;
    }
    out.push_back(static_cast<uint8_t>(c));
  }
  return out;
}

Result<std::vector<Tokens>> forms_of(const std::string& text, const std::vector<std::string>& modifiers) {
  std::vector<Tokens> forms = {tokens_of(text)};
  for (const auto& modifier : modifiers) {
    std::vector<Tokens> next;
    size_t bytes = 0;
    for (auto& form : forms) {
      ASSAY_TRY(auto made, transformed(std::move(form), modifier));
      for (auto& one : made) {
        bytes += one.size();
        next.push_back(std::move(one));
      }
      if (next.size() > kMaxForms || bytes > kMaxFormBytes)
        return Error{Errc::limit, "'" + modifier + "' makes more than " + std::to_string(kMaxForms) +
                                      " forms, or more than " + std::to_string(kMaxFormBytes) + " bytes"};
    }
    forms = std::move(next);
  }
  return forms;
}

Result<Expanded> expand(const std::string& text, const Placeholders& placeholders) {
  Expanded out{{""}, ""};
  auto append = [&](char c) {
    for (auto& one : out.texts) one += c;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '%') {
      append(text[++i]);
      continue;
    }
    size_t end = text[i] == '%' ? text.find('%', i + 1) : std::string::npos;
    if (end == std::string::npos) {
      append(text[i]);
      continue;
    }
    std::string name = text.substr(i + 1, end - i - 1);
    auto found = placeholders.find(name);
    if (found == placeholders.end() || found->second.empty()) return Expanded{{}, name};
    std::vector<std::string> next;
    size_t bytes = 0;
    for (const auto& one : out.texts)
      for (const auto& value : found->second) {
        next.push_back(one + value);
        bytes += next.back().size();
        if (next.size() > kMaxForms || bytes > kMaxFormBytes)
          return Error{Errc::limit, "'expand' makes more than " + std::to_string(kMaxForms) +
                                        " values, or more than " + std::to_string(kMaxFormBytes) +
                                        " bytes, of %" + printable(name, 50) + "%"};
      }
    out.texts = std::move(next);
    i = end;
  }
  return out;
}

}  // namespace assay
