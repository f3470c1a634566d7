// Keys, and reading: what the store holds of sweeps. The records as JSON: records_json.cc.
#include "scheduler/sweeps/records.h"

#include "common/text.h"
#include "scheduler/sweeps/records_json.h"

namespace assay::sweeps {
namespace {

std::string sweep_key(const std::string& name) { return "s/" + name; }
std::string runs_key(const std::string& sweep) { return "r/" + sweep + "/"; }
std::string run_key(const std::string& sweep, const std::string& run_id) { return runs_key(sweep) + run_id; }
std::string repositories_key(const std::string& run_id) { return "p/" + run_id + "/"; }
std::string repository_key(const std::string& run_id, const std::string& host, const std::string& name) {
  return repositories_key(run_id) + host + "/" + name;
}

StoreOp written(std::string key, std::string value) {
  return {Family::sweeps, std::move(key), std::move(value)};
}

Error corrupt(std::string_view key, const Error& error) {
  return {Errc::corrupt, "the store's record '" + printable(key, 200) + "': " + error.what};
}

template <class T>
Result<T> read(const Store& store, const std::string& key, Result<T> (*decode)(std::string_view),
               const std::string& missing) {
  auto value = store.get(Family::sweeps, key);
  if (!value) return value.error().code == Errc::not_found ? Error{Errc::not_found, missing} : value.error();
  auto record = decode(*value);
  if (!record) return corrupt(key, record.error());
  return record;
}

// A record that cannot be read does not hide those behind it: it is told of at the end.
template <class T>
Status each(const Store& store, const std::string& prefix, bool reverse,
            Result<T> (*decode)(std::string_view), const std::function<bool(const T&)>& visit) {
  Status first_bad;
  ASSAY_CHECK(store.scan(Family::sweeps, prefix, reverse, [&](std::string_view key, std::string_view value) {
    auto record = decode(value);
    if (record) return visit(*record);
    if (first_bad) first_bad = corrupt(key, record.error());
    return true;
  }));
  return first_bad;
}

std::string quoted(const std::string& text) { return "'" + printable(text, 200) + "'"; }

}  // namespace

StoreOp put(const SweepRecord& record) { return written(sweep_key(record.spec.name), encode(record)); }
StoreOp put(const RunRecord& record) { return written(run_key(record.sweep, record.run_id), encode(record)); }
StoreOp put(const std::string& run_id, const RepositoryRecord& record) {
  return written(repository_key(run_id, record.host, record.name), encode(record));
}

StoreOp remove_sweep(const std::string& name) { return {Family::sweeps, sweep_key(name), "", true}; }

std::vector<StoreOp> remove_run(const std::string& sweep, const std::string& run_id) {
  // '0' follows '/'.
  return {{Family::sweeps, run_key(sweep, run_id), "", true},
          {Family::sweeps, repositories_key(run_id), "", true, "p/" + run_id + "0"}};
}

Result<SweepRecord> Records::sweep(const std::string& name) const {
  return read(store_, sweep_key(name), decode_sweep,
              "there is no sweep " + quoted(name) + "; `assay sweep list` shows those that there are");
}

Status Records::each_sweep(const std::function<bool(const SweepRecord&)>& visit) const {
  return each(store_, "s/", false, decode_sweep, visit);
}

Result<RunRecord> Records::run(const std::string& sweep, const std::string& run_id) const {
  return read(store_, run_key(sweep, run_id), decode_run,
              "sweep " + quoted(sweep) + " has no run " + quoted(run_id));
}

Status Records::each_run(const std::string& sweep, const std::function<bool(const RunRecord&)>& visit) const {
  return each(store_, runs_key(sweep), true, decode_run, visit);
}

Result<RepositoryRecord> Records::repository(const std::string& run_id, const std::string& host,
                                             const std::string& name) const {
  return read(store_, repository_key(run_id, host, name), decode_repository,
              "run " + quoted(run_id) + " has no repository " + quoted(host + "/" + name));
}

Status Records::each_repository(const std::string& run_id,
                                const std::function<bool(const RepositoryRecord&)>& visit) const {
  return each(store_, repositories_key(run_id), false, decode_repository, visit);
}

}  // namespace assay::sweeps
