// What the image does otherwise than the one before it, or than its base: a table for each that it was held
// against.
#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/layers.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

constexpr Bound kChanges{400, 64 << 10};
constexpr size_t kOpenChanges = 20, kWordBytes = 400, kMaxCompared = 4;

struct Row {
  const Change* change;
  bool added;
};

// "file_area" as a person writes it.
std::string kind_words(std::string kind) {
  for (char& c : kind)
    if (c == '_') c = ' ';
  return kind;
}

void change_row(Writer& html, Table& table, const Row& row, const std::vector<LayerInfo>& layers) {
  const Change& change = *row.change;
  Element line = table.row();
  {
    Element cell = table.cell("", "short");
    mark(html, row.added ? "warn" : "quiet", row.added ? "new" : "gone");
  }
  {
    Element cell = table.cell("Kind", "short");
    html.theirs(kind_words(change.kind), 40);
  }
  {
    Element cell = table.cell("What", "wide");
    html.code(change.what, kWordBytes);
  }
  {
    Element cell = table.cell("By", "wide");
    if (change.by.empty())
      html.put("span", "—", {{"class", "dim"}});
    else
      html.code(change.by, kWordBytes);
  }
  Element cell = table.cell("Layer", "wide");
  if (change.layer.empty())
    html.put("span", "—", {{"class", "dim"}});
  else
    html.theirs(row.added ? layer_for_people(layers, change.layer) : change.layer, kWordBytes);
}

void write_one(Writer& html, const Comparison& one, const std::vector<LayerInfo>& layers) {
  {
    Element title = html.in("h3");
    html.text(one.relation == "base" ? "Against its base " : "Since ").code(one.ref, kWordBytes);
  }
  {
    Element hint = html.in("p", {{"class", "hint"}});
    html.text("Scan ").theirs(one.scan_id, 80).text(" of ").code(one.digest, 100);
  }
  std::vector<Row> rows;
  for (const Change& change : one.added) rows.push_back({&change, true});
  for (const Change& change : one.gone) rows.push_back({&change, false});
  if (rows.empty()) html.put("p", "It does the same.", {{"class", "none"}});
  auto frame = [&] { return Table(html, "What it does otherwise", {"", "Kind", "What", "By", "Layer"}); };
  size_t shown = 0;
  if (!rows.empty())
    shown = shown_folding(html, rows, kChanges, kOpenChanges, "change", frame,
                          [&](Table& table, const Row& row) { change_row(html, table, row, layers); });
  left_out(html, rows.size() - shown, one.left_out, "change");
}

}  // namespace

void write_changes(Writer& html, const Report& r) {
  size_t count = 0;
  for (const Comparison& one : r.compared) count += one.added.size() + one.gone.size() + one.left_out;
  Element part = section(html, "changes", "Changes", layout::plural(count, "change"));
  html.put("p", "What it does and the earlier scan did not, and the other way round.", {{"class", "hint"}});
  for (size_t i = 0; i < r.compared.size() && i < kMaxCompared; ++i)
    write_one(html, r.compared[i], r.header.image.layers);
}

}  // namespace assay::html
