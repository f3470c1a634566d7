// yaml-cpp's tree copied into ours; its exceptions become Errors.
#include "scheduler/score/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "common/text.h"

namespace assay::yaml {
namespace {

int line_of(const YAML::Mark& mark) { return mark.is_null() ? 0 : mark.line + 1; }

// `line` 0: of the whole text.
Error fault(Errc code, const std::string& source, int line, const std::string& what) {
  std::string number = line > 0 ? std::to_string(line) : "", where;
  if (source.empty())
    where = number.empty() ? "" : "line " + number + ": ";
  else
    where = source + (number.empty() ? "" : ":" + number) + ": ";
  return {code, where + what};
}

// Runs within parse()'s try: yaml-cpp may throw from any accessor.
class Copier {
 public:
  explicit Copier(const std::string& source) : source_(source) {}

  Result<Node> copy(const YAML::Node& from, int depth, int line) {
    if (depth > kMaxDepth)
      return fault(Errc::limit, source_, line, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    if (++nodes_ > kMaxNodes)
      return fault(Errc::limit, source_, line, "more than " + std::to_string(kMaxNodes) + " nodes");
    Node node;
    node.line = line;
    switch (from.Type()) {
      case YAML::NodeType::Scalar:
        ASSAY_CHECK(scalar(from, node));
        break;
      case YAML::NodeType::Sequence:
        ASSAY_CHECK(list(from, node, depth));
        break;
      case YAML::NodeType::Map:
        ASSAY_CHECK(map(from, node, depth));
        break;
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        break;
    }
    return node;
  }

 private:
  Status scalar(const YAML::Node& from, Node& node) {
    node.kind = Node::Kind::scalar;
    node.scalar = from.Scalar();
    bytes_ += node.scalar.size();
    if (bytes_ > 4 * kMaxTextBytes)
      return fault(Errc::limit, source_, node.line, "aliases expand to too much text");
    return {};
  }

  // What an alias stands for lies further up; the alias' own line is not known, its holder's is.
  Status list(const YAML::Node& from, Node& node, int depth) {
    node.kind = Node::Kind::list;
    for (const auto& item : from) {
      ASSAY_TRY(auto child, copy(item, depth + 1, std::max(line_of(item.Mark()), node.line)));
      node.items.push_back(std::move(child));
    }
    return {};
  }

  Status map(const YAML::Node& from, Node& node, int depth) {
    node.kind = Node::Kind::map;
    std::set<std::string> seen;
    for (const auto& entry : from) {
      int line = std::max(line_of(entry.first.Mark()), node.line);
      if (!entry.first.IsScalar())
        return fault(Errc::invalid, source_, line, "not YAML: a key that is not text");
      std::string key = entry.first.Scalar();
      if (!seen.insert(key).second)
        return fault(Errc::invalid, source_, line,
                     "not YAML: key '" + printable(key, 100) + "' stands twice");
      ASSAY_TRY(auto child, copy(entry.second, depth + 1, line));
      node.entries.emplace_back(std::move(key), std::move(child));
    }
    return {};
  }

  const std::string& source_;
  size_t nodes_ = 0;
  size_t bytes_ = 0;
};

Result<std::vector<Node>> copy_all(const std::vector<YAML::Node>& documents, const std::string& source) {
  if (documents.size() > kMaxDocuments)
    return fault(Errc::limit, source, 0, "more than " + std::to_string(kMaxDocuments) + " documents");
  Copier copier(source);
  std::vector<Node> out;
  for (const auto& document : documents) {
    ASSAY_TRY(auto node, copier.copy(document, 0, std::max(line_of(document.Mark()), 1)));
    out.push_back(std::move(node));
  }
  return out;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, node] : entries)
    if (name == key) return &node;
  return nullptr;
}

std::string Node::text(std::string_view key) const {
  const Node* node = find(key);
  return node != nullptr && node->is_scalar() ? node->scalar : std::string();
}

const char* to_string(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a text";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "unknown";
}

Result<std::vector<Node>> parse(const std::string& text, const std::string& source) {
  if (text.size() > kMaxTextBytes)
    return fault(Errc::limit, source, 0, "larger than " + std::to_string(kMaxTextBytes) + " bytes");
  try {
    return copy_all(YAML::LoadAll(text), source);
  } catch (const YAML::Exception& e) {
    return fault(Errc::invalid, source, line_of(e.mark), "not YAML: " + printable(e.msg, 200));
  } catch (const std::exception& e) {
    return fault(Errc::invalid, source, 0, std::string("not YAML: ") + printable(e.what(), 200));
  }
}

}  // namespace assay::yaml
