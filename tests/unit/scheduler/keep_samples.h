// Records with every field at a value of its own, rendered whole, and batches committed one at a time.
#pragma once

#include <string>

#include "scheduler/keep.h"
#include "tests/unit/common/sample_trace.h"

namespace assay::sample {

inline const std::string kId = "20261125T031500-1f8a3c9e", kOlder = "20261124T031500-00000001",
                         kNewer = "20261126T031500-00000002", kBatch = "20261125T000000-0000000b";
inline const std::string kDigest = "sha256:" + std::string(64, 'a');

inline Submission submission() {
  return {job(), Lane::sweep, "tenant-1", kBatch, {{"team", "a"}, {"", "empty"}}, "clean", true};
}

inline ScanRecord record(const std::string& id = kId, ScanState state = ScanState::shipped) {
  ScanRecord r;
  r.scan_id = id;
  r.submission = submission();
  r.state = state;
  r.attempt = 2;
  r.failures = 1;
  r.agent = "agent-1";
  r.submitted_ns = 11;
  r.leased_ns = 13;
  r.finished_ns = -12;
  r.digest = kDigest;
  r.verdict = "malicious";
  r.score = -97;
  r.error = "none";
  r.error_code = "timeout";
  r.same_as = kOlder;
  r.tracer_version = "0.1.0";
  return r;
}

inline std::string str(const Submission& s) {
  std::string out = str(s.job) + " " + to_string(s.lane) + " " + s.tenant + " " + s.batch + " {";
  for (const auto& [name, value] : s.labels) out += name + "=" + value + ";";
  return out + "} " + s.expect + (s.fresh ? " fresh" : "");
}

inline std::string str(const ScanRecord& r) {
  std::string out = r.scan_id + " " + str(r.submission) + " " + to_string(r.state);
  for (int64_t n : {int64_t{r.attempt}, int64_t{r.failures}, r.submitted_ns, r.leased_ns, r.finished_ns,
                    int64_t{r.score}})
    out += " " + std::to_string(n);
  for (const auto* text :
       {&r.agent, &r.digest, &r.verdict, &r.error, &r.error_code, &r.same_as, &r.tracer_version})
    out += " " + *text;
  return out;
}

inline std::string str(const BatchRecord& b) {
  std::string out = b.batch_id + " " + b.name + " " + b.tenant + " {";
  for (const auto& [name, value] : b.labels) out += name + "=" + value + ";";
  return out + "} " + std::to_string(b.created_ns) + " " + std::to_string(b.manifest.size()) + ":" +
         b.manifest;
}

inline const std::string& str(const std::string& text) { return text; }

inline std::string str(const Error& e) { return std::string(to_string(e.code)) + ": " + e.what; }

template <class T>
std::string str(const Result<T>& result) {
  return result ? str(*result) : str(result.error());
}

/// "ok", or why not.
inline std::string commit(Store& store, const StoreBatch& batch) {
  auto done = store.commit({batch});
  if (!done) return str(done.error());
  return (*done)[0] ? "ok" : str((*done)[0].error());
}
inline std::string commit(Store& store, const Result<StoreBatch>& batch) {
  return batch ? commit(store, *batch) : str(batch.error());
}

}  // namespace assay::sample
