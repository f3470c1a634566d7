// Ages by kind and class, and the order of a budget.
#include "scheduler/retention.h"

#include <charconv>

#include "common/text.h"

namespace assay {
namespace {

constexpr std::array kKindNames = {"artifacts", "traces", "reports", "records"};
constexpr std::array kClassNames = {"failed", "clean", "inconclusive", "suspicious", "malicious"};
constexpr uint8_t kAll = 15;
constexpr int64_t kMaxSeconds = 1000ll * 365 * 24 * 3600;

template <size_t N>
std::optional<size_t> find(const std::array<const char*, N>& names, std::string_view name) {
  for (size_t i = 0; i < N; ++i)
    if (name == names[i]) return i;
  return std::nullopt;
}

int64_t seconds_of(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 24 * 3600;
    case 'w':
      return 7 * 24 * 3600;
    case 'y':
      return 365 * 24 * 3600;
    default:
      return 0;
  }
}

struct Rule {
  size_t kind = 0;
  std::optional<size_t> of;  // class; nothing: each
  RetentionPolicy::Age age;
};

Result<Rule> parse_rule(std::string_view text) {
  Error wrong{Errc::invalid,
              "retain '" + printable(text, 100) +
                  "' is not KIND[/VERDICT]=AGE, as in traces=30d, traces/malicious=1y or "
                  "records=never (kinds: artifacts, traces, reports, records; verdicts: clean, "
                  "inconclusive, suspicious, malicious, failed; ages: s, m, h, d, w, y)"};
  size_t equals = text.find('=');
  if (equals == std::string_view::npos) return wrong;
  std::string_view what = text.substr(0, equals), age = text.substr(equals + 1);
  size_t slash = what.find('/');
  auto kind = find(kKindNames, what.substr(0, slash));
  if (!kind) return wrong;
  Rule rule;
  rule.kind = *kind;
  if (slash != std::string_view::npos) {
    rule.of = find(kClassNames, what.substr(slash + 1));
    if (!rule.of) return wrong;
  }
  if (age == "never") return rule;
  int64_t count = 0;
  auto [end, error] = std::from_chars(age.data(), age.data() + age.size(), count);
  if (error != std::errc() || end + 1 != age.data() + age.size() || count < 0) return wrong;
  int64_t unit = seconds_of(*end);
  if (unit == 0 || count > kMaxSeconds / unit) return wrong;
  rule.age = std::chrono::seconds(count * unit);
  return rule;
}

// What goes along: below a report there is nothing worth a rule of its own.
uint8_t with_lower(KeptKind kind) {
  if (kind == KeptKind::records) return kAll;
  return kind == KeptKind::reports ? kAll - kRecordPruned : bit_of(kind);
}

}  // namespace

const char* to_string(KeptKind kind) { return kKindNames[static_cast<size_t>(kind)]; }
const char* to_string(ScanClass of) { return kClassNames[static_cast<size_t>(of)]; }

ScanClass class_of(const ScanRecord& record) {
  if (record.state != ScanState::done) return ScanClass::failed;
  auto known = find(kClassNames, record.verdict);
  return known && *known != 0 ? static_cast<ScanClass>(*known) : ScanClass::malicious;
}

bool RetentionPolicy::by_age() const {
  for (const auto& kind : ages)
    for (const Age& age : kind)
      if (age) return true;
  return false;
}

Result<RetentionPolicy> parse_retention(const std::vector<std::string>& rules) {
  RetentionPolicy policy;
  std::vector<Rule> named;
  for (const std::string& text : rules) {
    ASSAY_TRY(Rule rule, parse_rule(text));
    if (rule.of)
      named.push_back(rule);
    else
      policy.ages[rule.kind].fill(rule.age);
  }
  for (const Rule& rule : named) policy.ages[rule.kind][*rule.of] = rule.age;
  return policy;
}

uint8_t takable(const ScanRecord& record) {
  if (is_open(record.state) || !record.pinned.empty()) return 0;
  if (!record.same_as.empty() || record.attempt == 0) return kRecordPruned;
  auto out = static_cast<uint8_t>(kAll & ~record.pruned);
  // Sizes are known of all that was scored since there is retention.
  bool known = record.trace_bytes > 0 || record.report_bytes > 0;
  if (known && record.artifact_bytes == 0) out = static_cast<uint8_t>(out & ~kArtifactsPruned);
  return out;
}

uint8_t due(const RetentionPolicy& policy, const ScanRecord& record, int64_t since_ns, int64_t now_ns) {
  uint8_t there = takable(record), out = 0;
  if (there == 0) return 0;
  auto of = static_cast<size_t>(class_of(record));
  int64_t seconds = (now_ns - since_ns) / 1'000'000'000;
  for (size_t i = 0; i < kKeptKinds; ++i)
    if (const auto& age = policy.ages[i][of]; age && seconds >= age->count())
      out = static_cast<uint8_t>(out | with_lower(static_cast<KeptKind>(i)));
  return static_cast<uint8_t>(out & there);
}

int64_t since_of(const ScanRecord& record) {
  return record.finished_ns > 0 ? record.finished_ns : record.submitted_ns;
}

// Worth by the byte. Artifacts and traces are nearly all of the bytes, and of those a scan that found nothing
// is worth the least: class by class, the archive before the trace, which can still be scored and hunted
// through. Reports are a tenth of that and answer most questions; records next to nothing.
uint8_t rank_of(KeptKind kind, ScanClass of) {
  auto number = static_cast<uint8_t>(of);
  switch (kind) {
    case KeptKind::artifacts:
      return static_cast<uint8_t>(2 * number);
    case KeptKind::traces:
      return static_cast<uint8_t>(2 * number + 1);
    case KeptKind::reports:
      return static_cast<uint8_t>(2 * kScanClasses + number);
    case KeptKind::records:
      break;
  }
  return static_cast<uint8_t>(3 * kScanClasses + number);
}

uint64_t low_water(uint64_t budget_bytes) { return budget_bytes - budget_bytes / 20; }

uint64_t reports_share(uint64_t budget_bytes) { return budget_bytes / 2; }

}  // namespace assay
