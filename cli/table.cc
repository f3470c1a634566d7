// Widths, then lines.
#include "cli/table.h"

#include <algorithm>
#include <cassert>

#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kNarrowest = 8;  // of a column that was cut

std::string cell(const std::string& text, size_t width, bool right) {
  std::string shown = layout::fit(text, width);
  if (right) return std::string(width - layout::columns(shown), ' ') + shown;
  return layout::pad(shown, width);
}

// Cuts the widest columns, evenly, until a row takes no more than `width` columns; 0: nothing is cut.
void fit_widths(std::vector<size_t>& widths, size_t width) {
  size_t all = 0;
  for (size_t one : widths) all += one == 0 ? 0 : one + kGap;
  while (width != 0 && all > width + kGap) {
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kNarrowest) return;
    --*widest;
    --all;
  }
}

}  // namespace

void Table::row(const std::vector<std::string>& cells) {
  assert(cells.size() == columns_.size());
  std::vector<std::string> shown;
  for (const std::string& text : cells) shown.push_back(still_printable(text));
  rows_.push_back(std::move(shown));
}

std::string Table::str(unsigned width) const {
  std::vector<size_t> widths = this->widths();
  fit_widths(widths, width);
  std::string out;
  auto add = [&](auto&& text_of) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      line += (line.empty() ? "" : std::string(kGap, ' ')) + cell(text_of(i), widths[i], columns_[i].right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add([&](size_t i) { return columns_[i].name; });
  for (const auto& row : rows_) add([&](size_t i) { return row[i]; });
  return out;
}

std::vector<size_t> Table::widths() const {
  std::vector<size_t> out;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t widest = 0;
    for (const auto& row : rows_) widest = std::max(widest, layout::columns(row[i]));
    bool shown = widest > 0 || rows_.empty();
    out.push_back(shown ? std::max(widest, layout::columns(columns_[i].name)) : 0);
  }
  return out;
}

}  // namespace assay::cli
