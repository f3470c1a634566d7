// What the sweeper has the loop keep for it: records of sweeps, written as they come, in one batch. Keys are
// looked at, values are the sweeper's own (sweeps/records.h).
#include <nlohmann/json.hpp>

#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/server_loop.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr size_t kMaxOps = 10'000, kMaxKeyBytes = 1024, kMaxValueBytes = 3 << 20;

bool is_sweep_key(const std::string& key) {
  return key.size() > 2 && key.size() <= kMaxKeyBytes &&
         (key.starts_with("s/") || key.starts_with("r/") || key.starts_with("p/"));
}

Error no_op(size_t index, const std::string& why) {
  return {Errc::invalid, "sweep record " + std::to_string(index) + ": " + why};
}

// A range stays within one kind of record: "p/RUN/" to "p/RUN0".
Result<StoreOp> read_op(size_t index, const json& from) {
  if (!from.is_object()) return no_op(index, "is no JSON object");
  auto key = from.find("key"), value = from.find("value"), end = from.find("end");
  if (key == from.end() || !key->is_string() || !is_sweep_key(key->get<std::string>()))
    return no_op(index, "its key does not begin with s/, r/ or p/, or has more than " +
                            std::to_string(kMaxKeyBytes) + " bytes");
  StoreOp op{Family::sweeps, key->get<std::string>(), ""};
  if (value == from.end() || !(value->is_null() || value->is_string()))
    return no_op(index, "its value is neither a text nor null");
  op.remove = value->is_null();
  if (!op.remove) op.value = value->get<std::string>();
  if (op.value.size() > kMaxValueBytes)
    return no_op(index, "its value has more than " + std::to_string(kMaxValueBytes) + " bytes");
  if (end == from.end()) return op;
  if (!op.remove || !end->is_string() || !is_sweep_key(end->get<std::string>()) ||
      end->get<std::string>().substr(0, 2) != op.key.substr(0, 2) || end->get<std::string>() <= op.key)
    return no_op(index, "its end closes no range of keys to remove");
  op.end = end->get<std::string>();
  return op;
}

}  // namespace

std::optional<wire::Answer> Server::order_sweep_records(const std::string& client, const std::string& body) {
  json parsed = json::parse(body, nullptr, false);
  auto ops = parsed.find("ops");
  if (ops == parsed.end() || !ops->is_array() || ops->empty() || ops->size() > kMaxOps)
    return ask::refusal({Errc::invalid, "ops is no list of 1 to " + std::to_string(kMaxOps) + " changes"});
  StoreBatch batch;
  for (const json& from : *ops) {
    auto op = read_op(batch.ops.size(), from);
    if (!op) return ask::refusal(op.error());
    batch.ops.push_back(std::move(*op));
  }
  size_t count = batch.ops.size();
  stage_.add(
      std::move(batch),
      [this, client, count] {
        tell_client(client, wire::Answer{200, json{{"kept", count}}.dump()});
      },
      [this, client](const Error& error) { tell_client(client, ask::refusal(error)); });
  return std::nullopt;
}

// A scan that waits for an equal one has begun with that one.
bool Server::has_begun(const ScanRecord& record) const {
  if (record.state != ScanState::queued) return true;
  if (record.same_as.empty()) return false;
  auto leader = open_.find(record.same_as);
  return leader == open_.end() || leader->second.state != ScanState::queued;
}

}  // namespace assay
