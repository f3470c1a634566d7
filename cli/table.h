// table: rows of text in columns, as wide as their widest cell; on a terminal one column gives way. Pure.
#pragma once

#include <string>
#include <vector>

namespace assay::cli {

struct Column {
  std::string name;
  bool right = false;  // numbers
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell a column; made printable here (still_printable: the server escapes what it says).
  void row(const std::vector<std::string>& cells);
  bool empty() const { return rows_.empty(); }
  /// With a heading; columns without any text are left out. `width` 0: nothing is cut; else the widest column
  /// is cut until a row fits.
  std::string str(unsigned width) const;

 private:
  std::vector<size_t> widths() const;  // 0: left out

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace assay::cli
