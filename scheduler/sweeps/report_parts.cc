// Reads of a repository what each earlier run has of it, as far back as it is asked for.
#include "scheduler/sweeps/report_parts.h"

#include <algorithm>

#include "common/text.h"
#include "scheduler/score/report.h"
#include "scheduler/score/text_layout.h"
#include "scheduler/sweeps/report.h"

namespace assay::sweeps {
namespace {

constexpr size_t kMaxLoaded = 300'000;  // items of earlier runs at once
constexpr size_t kHeadlineFindings = 3, kReasonColumns = 120;

bool same_name(const Item& a, const Item& b) {
  bool same_place = a.platform == b.platform || a.platform.empty() || b.platform.empty();
  return a.tag == b.tag && (!a.tag.empty() || a.digest == b.digest) && a.persona == b.persona && same_place;
}

// By name: of what has no tag the digest is the name.
bool before(const Item& a, const Item& b) {
  if (a.tag != b.tag) return a.tag < b.tag;
  return a.tag.empty() && a.digest < b.digest;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  if (what.size() < 2) return;  // a tag of one letter stands in every word
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
}

// Runs of four digits and more: ids, bytes, times; a status stays.
std::string without_numbers(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    if (end - i >= 4) {
      out += "N";
    } else {
      end = std::max(end, i + 1);
      out += text.substr(i, end - i);
    }
    i = end;
  }
  return out;
}

}  // namespace

std::string image_name(const RepositoryRecord& repository, const Item& item) {
  std::string name = repository.host + "/" + repository.name;
  if (!item.tag.empty()) return name + ":" + item.tag;
  return item.digest.empty() ? name : name + "@" + item.digest;
}

Result<Earlier> Earlier::open(const Records& records, const RunRecord& run,
                              const std::optional<RunRecord>& previous) {
  Earlier out(records);
  if (previous) out.runs_.emplace_back(previous->run_id, previous->rules_version);
  ASSAY_CHECK(records.each_run(run.sweep, [&](const RunRecord& one) {
    bool known = previous && one.run_id == previous->run_id;
    if (one.run_id < run.run_id && !known) out.runs_.emplace_back(one.run_id, one.rules_version);
    return out.runs_.size() < kMaxEarlierRuns;
  }));
  return out;
}

Status Earlier::turn_to(const RepositoryRecord& repository) {
  host_ = repository.host;
  name_ = repository.name;
  loaded_.clear();
  items_ = 0;
  return Status();
}

Status Earlier::load_next() {
  const auto& [run_id, rules] = runs_[loaded_.size()];
  auto record = records_.repository(run_id, host_, name_);
  std::vector<Item> items;
  if (!record && record.error().code != Errc::not_found) return record.error();
  if (record) items = std::move(record->items);
  std::erase_if(items, [](const Item& item) { return item.scan_id.empty(); });
  std::stable_sort(items.begin(), items.end(), before);
  items_ += items.size();
  loaded_.emplace_back(std::move(items), rules);
  return Status();
}

Result<std::optional<Earlier::Found>> Earlier::find(const Item& item) {
  for (size_t i = 0; i < runs_.size(); ++i) {
    if (i == loaded_.size()) {
      if (items_ > kMaxLoaded) break;
      ASSAY_CHECK(load_next());
    }
    const auto& [items, rules] = loaded_[i];
    auto [begin, end] = std::equal_range(items.begin(), items.end(), item, before);
    auto found = std::find_if(begin, end, [&](const Item& one) { return same_name(one, item); });
    if (found != end) return std::optional(Found{*found, rules});
  }
  return std::optional<Found>();
}

std::string headline(const Keep& keep, const std::string& scan_id) {
  auto text = keep.report(scan_id);
  if (!text) return "";
  auto report = parse_report(*text);
  if (!report) return "";
  std::string out;
  size_t told = std::min(report->findings.size(), kHeadlineFindings);
  for (size_t i = 0; i < told; ++i) out += (i == 0 ? "" : "; ") + report->findings[i].title;
  size_t more = report->findings.size() - told;
  if (more > 0) out += "; and " + std::to_string(more) + " more";
  return out;
}

std::string reason_kind(const std::string& reason, const RepositoryRecord& repository, const Item& item) {
  std::string kind = reason;
  replace_all(kind, item.digest, "DIGEST");
  if (!item.tag.empty()) replace_all(kind, repository.host + "/" + repository.name + ":" + item.tag, "IMAGE");
  replace_all(kind, repository.host + "/" + repository.name, "IMAGE");
  replace_all(kind, repository.name, "REPOSITORY");
  replace_all(kind, item.tag.size() > 3 ? item.tag : "", "TAG");
  for (const char* prefix : {"IMAGE@DIGEST: ", "IMAGE: ", "REPOSITORY: "})
    if (kind.starts_with(prefix)) kind.erase(0, std::string_view(prefix).size());
  kind = without_numbers(kind);
  return kind.empty() ? "no reason was given" : layout::fit(printable(kind), kReasonColumns);
}

}  // namespace assay::sweeps
