// Vectorscan's handles, behind RAII.
#include "scheduler/score/pattern_set.h"

#include <hs.h>

#include <cassert>

#include "common/text.h"

namespace assay {
namespace {

struct FreeError {
  void operator()(hs_compile_error_t* error) const { hs_free_compile_error(error); }
};
using CompileError = std::unique_ptr<hs_compile_error_t, FreeError>;

int on_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* hits) {
  static_cast<std::vector<uint32_t>*>(hits)->push_back(id);
  return 0;
}

}  // namespace

void PatternScratch::Free::operator()(void* scratch) const {
  hs_free_scratch(static_cast<hs_scratch_t*>(scratch));
}

void PatternSet::Free::operator()(void* database) const {
  hs_free_database(static_cast<hs_database_t*>(database));
}

bool PatternSet::available() { return hs_valid_platform() == HS_SUCCESS; }

Result<PatternSet> PatternSet::compile(const std::vector<std::string>& literals) {
  if (literals.size() > kMaxPatterns)
    return Error{Errc::limit, "more than " + std::to_string(kMaxPatterns) + " patterns for one field"};
  std::vector<const char*> texts;
  std::vector<size_t> lengths;
  std::vector<unsigned> ids, flags(literals.size(), HS_FLAG_SINGLEMATCH | HS_FLAG_CASELESS);
  for (const std::string& literal : literals) {
    assert(!literal.empty() && literal.size() <= kMaxPatternBytes);
    ids.push_back(static_cast<unsigned>(texts.size()));
    texts.push_back(literal.data());
    lengths.push_back(literal.size());
  }
  PatternSet set;
  if (literals.empty()) return set;
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  auto done =
      hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), lengths.data(),
                           static_cast<unsigned>(texts.size()), HS_MODE_BLOCK, nullptr, &database, &error);
  CompileError held(error);
  if (done != HS_SUCCESS)
    return Error{Errc::limit, "patterns do not compile together: " +
                                  printable(error != nullptr ? error->message : "no reason given", 200)};
  set.database_.reset(database);
  hs_database_size(database, &set.bytes_);
  if (set.bytes_ > kMaxDatabaseBytes)
    return Error{Errc::limit, "the patterns of one field take " + std::to_string(set.bytes_ >> 20) +
                                  " MiB compiled, more than " + std::to_string(kMaxDatabaseBytes >> 20)};
  return set;
}

Status PatternSet::prepare(PatternScratch& scratch) const {
  if (database_ == nullptr) return {};
  auto* raw = static_cast<hs_scratch_t*>(scratch.scratch_.release());
  auto done = hs_alloc_scratch(static_cast<hs_database_t*>(database_.get()), &raw);
  scratch.scratch_.reset(raw);
  if (done != HS_SUCCESS) return Error{Errc::limit, "no memory to look for patterns with"};
  return {};
}

Result<PatternScratch> PatternSet::clone(const PatternScratch& scratch) {
  PatternScratch out;
  if (scratch.scratch_ == nullptr) return out;
  hs_scratch_t* raw = nullptr;
  if (hs_clone_scratch(static_cast<hs_scratch_t*>(scratch.scratch_.get()), &raw) != HS_SUCCESS)
    return Error{Errc::limit, "no memory to look for patterns with"};
  out.scratch_.reset(raw);
  return out;
}

bool PatternSet::scan(std::string_view text, PatternScratch& scratch, std::vector<uint32_t>& hits) const {
  if (database_ == nullptr) return true;
  if (scratch.scratch_ == nullptr || text.size() > UINT32_MAX) return false;
  size_t before = hits.size();
  auto done =
      hs_scan(static_cast<hs_database_t*>(database_.get()), text.data(), static_cast<unsigned>(text.size()),
              0, static_cast<hs_scratch_t*>(scratch.scratch_.get()), on_match, &hits);
  if (done == HS_SUCCESS) return true;
  hits.resize(before);
  return false;
}

}  // namespace assay
