// Comparisons, and each change as a record.
#include "scheduler/score/compare.h"

#include <unordered_map>

#include "scheduler/score/layers.h"

namespace assay {
namespace {

// "domain pool.evil.test, by /usr/bin/xmrig of layer 3 of 4, COPY xmrig /usr/bin: not in
// docker.io/library/app:1.2 (scan 20261125T031500-1f8a3c9e)"
std::string evidence_text(const Change& change, const Comparison& against,
                          const std::vector<LayerInfo>& layers) {
  std::string out = change.kind + " " + change.what;
  if (!change.by.empty()) out += ", by " + change.by;
  if (!change.layer.empty())
    out += (change.by.empty() ? ", by " : " of ") + layer_for_people(layers, change.layer);
  return out + ": not in " + against.ref + " (scan " + against.scan_id + ")";
}

// "sha256:..., RUN ..." as the field's two values.
void add_layer_values(Record& record, std::string_view layer) {
  size_t comma = layer.find(", ");
  record.borrow(Field::Layer, layer.substr(0, comma));
  if (comma != std::string_view::npos) record.borrow(Field::Layer, layer.substr(comma + 2));
}

}  // namespace

std::vector<Comparison> compare_with(std::span<const Baseline> earlier, const Behaviour& after) {
  std::vector<Comparison> out;
  for (const Baseline& one : earlier) {
    BehaviourDiff diff = diff_behaviour(one.scans, after);
    out.push_back({one.relation, one.scan_id, one.ref, one.digest, std::move(diff.added),
                   std::move(diff.gone), diff.left_out});
  }
  return out;
}

void observe_changes(const std::vector<Comparison>& compared, const Report& report,
                     const std::function<void(const Record&, int32_t pid)>& emit) {
  std::unordered_map<std::string_view, const Process*> doers;  // the first of each path
  for (const Process& process : report.processes) doers.try_emplace(process.path, &process);
  for (const Comparison& one : compared)
    for (const Change& change : one.added) {
      if (change.kind == to_string(FactKind::finding)) continue;
      Record record(Category::change);
      record.borrow(Field::Change, change.kind);
      record.borrow(Field::Subject, change.what);
      record.borrow(Field::Relation, one.relation);
      record.borrow(Field::Since, one.ref);
      record.borrow(Field::Image, change.by);
      add_layer_values(record, change.layer);
      auto found = doers.find(change.by);
      const Process* by = change.by.empty() || found == doers.end() ? nullptr : found->second;
      if (by != nullptr) {
        record.borrow(Field::Package, by->package);
        record.borrow(Field::PackageState, by->package_state);
      }
      record.evidence = evidence_text(change, one, report.header.image.layers);
      emit(record, by == nullptr ? 0 : by->pid);
    }
}

}  // namespace assay
