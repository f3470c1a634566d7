// Globs, versions and ages held against names and tags.
#include "scheduler/sweeps/filter.h"

#include <fnmatch.h>

#include <algorithm>
#include <tuple>

#include "common/age.h"
#include "common/rfc3339.h"
#include "common/text.h"

namespace assay::sweeps {
namespace {

constexpr size_t kMaxGlobBytes = 256;
constexpr size_t kMaxStars = 8;  // of one glob: fnmatch() tries again at each
constexpr int64_t kSecond = 1'000'000'000;

// Since when, in Unix nanoseconds, as it is understood at `now_ns`.
Result<int64_t> since(const std::string& text, int64_t now_ns) {
  if (auto age_s = parse_age(text)) return now_ns - *age_s * kSecond;
  auto time = parse_rfc3339(text.find_first_of("Tt ") == std::string::npos ? text + "T00:00:00Z" : text);
  constexpr int64_t kFar = INT64_MAX / kSecond;
  if (time) return std::clamp(*time, -kFar, kFar) * kSecond;
  return Error{Errc::invalid,
               "pushed_since '" + printable(text, 64) +
                   "' is neither a day (2026-11-01), nor a time (2026-11-01T06:00:00Z), nor an "
                   "age (90m, 12h, 7d, 4w)"};
}

Status check_globs(const char* field, const std::vector<std::string>& globs) {
  for (size_t i = 0; i < globs.size(); ++i) {
    const std::string& glob = globs[i];
    auto broken = [&](const std::string& rule) {
      return Error{Errc::invalid,
                   std::string(field) + "[" + std::to_string(i) + "] '" + printable(glob, 64) + "' " + rule};
    };
    if (glob.empty() || glob == "!") return broken("is no glob: it is empty");
    if (glob.size() > kMaxGlobBytes)
      return broken("has more than " + std::to_string(kMaxGlobBytes) + " bytes");
    if (glob.find('\0') != std::string::npos) return broken("holds a byte 0");
    if (static_cast<size_t>(std::count(glob.begin(), glob.end(), '*')) > kMaxStars)
      return broken("has more than " + std::to_string(kMaxStars) + " stars");
    bool opens = std::count(glob.begin(), glob.end(), '[') > std::count(glob.begin(), glob.end(), ']');
    if (opens || glob.ends_with('\\')) return broken("is no glob: '[' or '\\' without an end");
  }
  return Status();
}

bool excludes(const std::string& glob) { return glob.starts_with('!'); }

bool passes(const std::vector<std::string>& globs, const std::string& name) {
  bool in = std::all_of(globs.begin(), globs.end(), excludes);
  for (const std::string& glob : globs)
    if (fnmatch(glob.c_str() + (excludes(glob) ? 1 : 0), name.c_str(), 0) == 0) in = !excludes(glob);
  return in;
}

struct Candidate {
  sources::TaggedImage image;
  std::optional<Semver> version;
};

// Of a repository that is ordered by version, what is none comes last.
bool newer_by_version(const Candidate& a, const Candidate& b) {
  if (a.version.has_value() != b.version.has_value()) return a.version.has_value();
  if (a.version && *a.version != *b.version) return *b.version < *a.version;
  if (a.image.pushed_ns != b.image.pushed_ns) return a.image.pushed_ns > b.image.pushed_ns;
  return std::tie(a.image.tag, a.image.digest) < std::tie(b.image.tag, b.image.digest);
}

bool newer_by_push(const Candidate& a, const Candidate& b) {
  if (a.image.pushed_ns != b.image.pushed_ns) return a.image.pushed_ns > b.image.pushed_ns;
  return std::tie(a.image.tag, a.image.digest) < std::tie(b.image.tag, b.image.digest);
}

bool takes_tag(const Filter& filter, const Candidate& candidate) {
  if (candidate.image.tag.empty()) return filter.untagged;
  if (!passes(filter.tags, candidate.image.tag)) return false;
  return !filter.semver || (candidate.version && filter.semver->contains(*candidate.version));
}

}  // namespace

Status Filter::check() const {
  ASSAY_CHECK(check_globs("repositories", repositories));
  ASSAY_CHECK(check_globs("tags", tags));
  if (pushed_since.empty()) return Status();
  auto time = since(pushed_since, 0);
  return time ? Status() : Status(time.error());
}

bool takes_repository(const Filter& filter, std::string_view name) {
  return passes(filter.repositories, std::string(name));
}

Chosen choose_images(const Filter& filter, std::vector<sources::TaggedImage> images, int64_t now_ns) {
  Chosen chosen;
  auto earliest = filter.pushed_since.empty() ? Result<int64_t>(0) : since(filter.pushed_since, now_ns);
  std::vector<Candidate> candidates;
  size_t versions = 0;
  for (auto& image : images) {
    Candidate candidate{std::move(image), std::nullopt};
    candidate.version = parse_semver(candidate.image.tag);
    bool dated = candidate.image.pushed_ns != 0;
    bool old = !filter.pushed_since.empty() && dated && earliest && candidate.image.pushed_ns < *earliest;
    if (old || !takes_tag(filter, candidate)) {
      ++chosen.left_out;
      continue;
    }
    if (candidate.version) ++versions;
    candidates.push_back(std::move(candidate));
  }
  // One tag such as "latest" does not make versions of no account; one that looks like a version among
  // names does not, either.
  bool by_version = filter.semver || 2 * versions > candidates.size();
  bool any_dated = std::any_of(candidates.begin(), candidates.end(),
                               [](const Candidate& c) { return c.image.pushed_ns != 0; });
  by_version = by_version || !any_dated;
  std::sort(candidates.begin(), candidates.end(), by_version ? newer_by_version : newer_by_push);
  size_t keep = filter.newest == 0 ? candidates.size() : std::min<size_t>(filter.newest, candidates.size());
  chosen.left_out += candidates.size() - keep;
  for (size_t i = 0; i < keep; ++i) {
    if (!filter.pushed_since.empty() && candidates[i].image.pushed_ns == 0) ++chosen.undated;
    chosen.images.push_back(std::move(candidates[i].image));
  }
  return chosen;
}

}  // namespace assay::sweeps
