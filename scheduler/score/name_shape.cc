// Labels from the right; entropy by a logarithm in whole numbers, so that it is the same on every machine.
#include "scheduler/score/name_shape.h"

#include <algorithm>
#include <array>
#include <vector>

namespace assay {
namespace {

constexpr size_t kMaxName = 255;
constexpr uint64_t kUnit = 1 << 16;

std::vector<std::string_view> labels_of(std::string_view name) {
  std::vector<std::string_view> out;
  while (!name.empty()) {
    size_t dot = name.find('.');
    if (dot != 0) out.push_back(name.substr(0, dot));
    name.remove_prefix(dot == std::string_view::npos ? name.size() : dot + 1);
  }
  return out;
}

bool is_second_level(std::string_view label) {
  for (std::string_view known : {"co", "com", "org", "net", "ac", "gov", "edu"})
    if (label == known) return true;
  return false;
}

// log2(x) in units of 2^-16, rounded down, by repeated squaring.
uint64_t log2_fixed(uint64_t x) {
  uint64_t whole = 0;
  while ((x >> whole) > 1) ++whole;
  uint64_t out = whole << 16;
  uint64_t y = (x << 31) >> whole;  // in [1, 2), in units of 2^-31
  for (uint64_t bit = kUnit / 2; bit > 0; bit /= 2) {
    y = (y * y) >> 31;
    if (y < (uint64_t{2} << 31)) continue;
    y /= 2;
    out += bit;
  }
  return out;
}

uint64_t entropy_of(const std::string& text) {
  std::array<uint64_t, 256> counts{};
  for (char c : text) ++counts[static_cast<uint8_t>(c)];
  uint64_t sum = 0;
  for (uint64_t count : counts)
    if (count > 0) sum += count * log2_fixed(count);
  uint64_t bits = log2_fixed(text.size()) - std::min(log2_fixed(text.size()), sum / text.size());
  return (bits * 10 + kUnit / 2) / kUnit;
}

}  // namespace

NameShape shape_of(std::string_view name) {
  auto labels = labels_of(name.substr(0, kMaxName));
  size_t kept = std::min<size_t>(labels.size(), 2);
  if (labels.size() > 2 && labels.back().size() == 2 && is_second_level(labels[labels.size() - 2])) kept = 3;
  NameShape out;
  std::string rest;
  for (size_t i = 0; i < labels.size(); ++i) {
    bool own = i + kept < labels.size();
    if (own) {
      rest += labels[i];
      out.label_length = std::max<uint64_t>(out.label_length, labels[i].size());
    } else {
      if (!out.domain.empty()) out.domain += '.';
      out.domain += labels[i];
    }
  }
  if (!rest.empty()) out.entropy = entropy_of(rest);
  return out;
}

}  // namespace assay
