// yaml: YAML text into a plain, bounded tree. The only code that touches yaml-cpp, whose exceptions end here.
// Rule files may come from anywhere: size, depth, number of nodes (aliases expand) and documents are bounded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace assay::yaml {

inline constexpr size_t kMaxTextBytes = 256 * 1024;
inline constexpr size_t kMaxNodes = 20'000;
inline constexpr int kMaxDepth = 16;
inline constexpr size_t kMaxDocuments = 16;

struct Node {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string scalar;
  std::vector<Node> items;
  std::vector<std::pair<std::string, Node>> entries;  // of a map, in the order of the text; keys are unique
  int line = 0;                                       // where it begins, from 1; under a key: the key's line

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  const Node* find(std::string_view key) const;
  /// The scalar under `key`, or empty.
  std::string text(std::string_view key) const;
};

/// "a map", "a list"... for messages.
const char* to_string(Node::Kind kind);

/// Every document of `text`. Errc::invalid says where the YAML breaks, Errc::limit which bound it exceeds;
/// both begin with "SOURCE:LINE: ", or with "line LINE: " where no source is given.
Result<std::vector<Node>> parse(const std::string& text, const std::string& source = "");

}  // namespace assay::yaml
