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

std::string cell(const std::string& text, size_t width, bool right, bool last) {
  std::string shown = layout::fit(text, width);
  if (right) return std::string(width - layout::columns(shown), ' ') + shown;
  return last ? shown : layout::pad(shown, width);
}

}  // namespace

void Table::row(const std::vector<std::string>& cells) {
  assert(cells.size() == columns_.size());
  std::vector<std::string> shown;
  for (const std::string& text : cells) shown.push_back(still_printable(text));
  rows_.push_back(std::move(shown));
}

std::string Table::str(unsigned width) const {
  std::vector<size_t> widths;
  size_t all = kGap * (columns_.size() - 1);
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t widest = layout::columns(columns_[i].name);
    for (const auto& row : rows_) widest = std::max(widest, layout::columns(row[i]));
    widths.push_back(widest);
    all += widest;
  }
  while (width != 0 && all > width) {
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kNarrowest) break;
    size_t cut = std::min(all - width, *widest - kNarrowest);
    // Down to the next widest first, so that two long columns share the loss.
    std::vector<size_t> sorted = widths;
    std::sort(sorted.rbegin(), sorted.rend());
    if (sorted.size() > 1 && sorted[0] > sorted[1]) cut = std::min(cut, sorted[0] - sorted[1]);
    if (sorted.size() > 1 && sorted[0] == sorted[1]) cut = 1;
    *widest -= cut;
    all -= cut;
  }
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.name);
  std::string out;
  auto add = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i)
      line += (i == 0 ? "" : std::string(kGap, ' ')) +
              cell(cells[i], widths[i], columns_[i].right, i + 1 == cells.size());
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add(names);
  for (const auto& row : rows_) add(row);
  return out;
}

}  // namespace assay::cli
