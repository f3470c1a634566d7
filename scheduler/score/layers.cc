// Layers are numbered from 1, base first, as events number them.
#include "scheduler/score/layers.h"

#include "common/interpreter.h"
#include "common/text.h"

namespace assay {
namespace {

constexpr size_t kMaxHistory = 300;

const LayerInfo* find(const std::vector<LayerInfo>& layers, uint32_t layer) {
  return layer == 0 || layer > layers.size() ? nullptr : &layers[layer - 1];
}

// 0: look further up.
uint32_t layer_of(const Proc& proc) {
  if (proc.script_layer != 0) return proc.script_layer;
  return is_interpreter(proc.shown.path) ? 0 : proc.shown.layer;
}

}  // namespace

uint32_t bringing_layer(const ProcessTree& tree, size_t index) {
  if (index == ProcessTree::kNone) return 0;
  if (uint32_t layer = layer_of(tree.at(index)); layer != 0) return layer;
  for (size_t up : tree.ancestors(index))
    if (uint32_t layer = layer_of(tree.at(up)); layer != 0) return layer;
  return tree.at(index).shown.layer;  // interpreters all the way up
}

std::string layer_text(const std::vector<LayerInfo>& layers, uint32_t layer) {
  const LayerInfo* found = find(layers, layer);
  if (found == nullptr) return "";
  std::string out = printable(found->diff_id, 80);
  return found->created_by.empty() ? out : out + ", " + printable(found->created_by, kMaxHistory);
}

std::string layer_for_people(const std::vector<LayerInfo>& layers, const std::string& text) {
  for (size_t i = layers.size(); i-- > 0;) {
    const std::string& id = layers[i].diff_id;
    if (id.empty() || !text.starts_with(id)) continue;
    return "layer " + std::to_string(i + 1) + " of " + std::to_string(layers.size()) + text.substr(id.size());
  }
  return text;
}

void add_layer(Record& record, const std::vector<LayerInfo>& layers, uint32_t layer) {
  const LayerInfo* found = find(layers, layer);
  if (found == nullptr) return;
  record.borrow(Field::Layer, found->diff_id);
  record.borrow(Field::Layer, found->created_by);
}

}  // namespace assay
