// Budgets, ages.
#include "scheduler/config.h"

#include <algorithm>
#include <charconv>

#include "common/age.h"
#include "common/text.h"
#include "common/units.h"

namespace assay {
namespace {

constexpr uint32_t kMaxPulls = 1'000'000;
constexpr int64_t kLeastForget = 60;  // seconds

bool number(std::string_view text, uint32_t most, uint32_t& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 1 && out <= most;
}

}  // namespace

Result<std::pair<std::string, Budget>> parse_budget(std::string_view text) {
  Error wrong{Errc::invalid, "pull-budget '" + printable(text, 200) +
                                 "' is not HOST=PULLS/DURATION[:BURST], as in registry.example=100/6h:20"};
  size_t equals = text.find('='), slash = text.find('/', equals == std::string_view::npos ? 0 : equals);
  if (equals == std::string_view::npos || equals == 0 || slash == std::string_view::npos) return wrong;
  size_t colon = text.find(':', slash);
  Budget budget;
  if (!number(text.substr(equals + 1, slash - equals - 1), kMaxPulls, budget.pulls)) return wrong;
  size_t end = std::min(colon, text.size());
  auto per = parse_duration(text.substr(slash + 1, end - slash - 1));
  if (!per || *per < std::chrono::seconds(1)) return wrong;
  budget.per = std::chrono::duration_cast<std::chrono::seconds>(*per);
  budget.burst = std::max(1u, budget.pulls / 10);
  if (colon != std::string_view::npos && !number(text.substr(colon + 1), kMaxPulls, budget.burst))
    return wrong;
  return std::pair(std::string(text.substr(0, equals)), budget);
}

Result<std::chrono::seconds> parse_forget(std::string_view text) {
  if (text == "0") return std::chrono::seconds(0);
  auto age = parse_age(text);
  if (age && *age >= kLeastForget) return std::chrono::seconds(*age);
  return Error{Errc::invalid, "forget-agents '" + printable(text, 64) +
                                  "' is not an age of at least 1m, as in 7d or 12h, or 0"};
}

}  // namespace assay
