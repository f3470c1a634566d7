// What the run left behind, what it was handed, and the bait that it took: files, downloads, honeytokens.
#include <algorithm>

#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

constexpr Bound kFiles{600, 320 << 10}, kDownloads{200, 160 << 10}, kTokens{200, 160 << 10};
constexpr size_t kPathBytes = 400, kOpenFiles = 15, kOpenTokens = 8;

const char* kind_of(const FileChange& file) {
  if (file.executed || !file.matches.empty()) return "bad";
  return file.origin == "deleted" ? "warn" : "quiet";
}

void file_facts(Writer& html, const FileChange& file) {
  if (!file.sha256.empty()) html.code(file.sha256);
  for (const std::string& match : file.matches) {
    Element mark = html.in("span", {{"class", "badge bad"}});
    html.text("YARA ").theirs(match, 120);
  }
  std::string more;
  auto add = [&](const std::string& words) {
    if (!words.empty()) more += (more.empty() ? "" : " · ") + words;
  };
  add(file.mime);
  add(file.package.empty() ? "" : "package " + file.package);
  add(file.kept.empty() ? "" : "kept as " + file.kept);
  if (more.empty()) return;
  Element line = html.in("small");
  html.theirs(more, 400);
}

void file_row(Writer& html, Table& table, const FileChange& file) {
  Element row = table.row();
  {
    Element cell = table.cell("", "short");
    mark(html, kind_of(file), file.origin);
    if (file.executed) mark(html, "bad", "run");
  }
  {
    Element cell = table.cell("", "wide");
    html.code(file.path, kPathBytes);
    Element facts = html.in("div", {{"class", "under"}});
    file_facts(html, file);
  }
  {
    Element cell = table.cell("Type", "short");
    html.theirs(file.file_type, 40);
  }
  {
    Element cell = table.cell("Size", "number");
    html.text(layout::size_text(file.size_bytes));
  }
  Element cell = table.cell("Written by", "wide");
  actor(html, file.written_by);
}

// What was run, what YARA knows, then the others, each in the report's order.
std::vector<const FileChange*> telling_first(const Report& r) {
  std::vector<const FileChange*> out;
  for (const FileChange& file : r.files) out.push_back(&file);
  auto rank = [](const FileChange* file) {
    return file->executed ? 0 : !file->matches.empty() ? 1 : file->origin == "dropped" ? 2 : 3;
  };
  std::stable_sort(out.begin(), out.end(),
                   [&](const FileChange* a, const FileChange* b) { return rank(a) < rank(b); });
  return out;
}

void write_download(Writer& html, Table& table, const Download& one) {
  Element row = table.row();
  {
    Element cell = table.cell("", "short");
    mark(html,
         one.status == DownloadStatus::run      ? "bad"
         : one.status == DownloadStatus::stored ? "warn"
                                                : "quiet",
         to_string(one.status));
  }
  {
    Element cell = table.cell("", "wide");
    html.code(one.url, kPathBytes);
    Element facts = html.in("div", {{"class", "under"}});
    if (!one.sha256.empty()) html.code(one.sha256);
    if (!one.stored_at.empty()) html.text(" left at ").code(one.stored_at, kPathBytes);
  }
  {
    Element cell = table.cell("Kind", "short");
    html.theirs(one.kind, 40).text(" " + layout::size_text(one.size_bytes));
  }
  {
    Element cell = table.cell("Time", "number");
    html.text(time_words(one.time_ns));
  }
  {
    Element cell = table.cell("Fetched by", "wide");
    actor(html, one.fetched_by);
  }
  Element cell = table.cell("Run by", "wide");
  if (one.status == DownloadStatus::run)
    actor(html, one.run_by);
  else
    html.put("span", "—", {{"class", "dim"}});
}

void who(Writer& html, const char* did, const std::vector<Actor>& actors) {
  for (const Actor& one : actors) {
    Element item = html.in("li");
    html.text(std::string(did) + " ");
    actor(html, one);
  }
}

void write_token(Writer& html, const TokenUse& token) {
  Element card = html.in("article", {{"class", token.sent.empty() ? "token" : "token sent"}});
  {
    Element title = html.in("h3");
    mark(html, token.sent.empty() ? "warn" : "bad", token.sent.empty() ? "touched" : "sent out");
    html.text(" ").theirs(token.kind, 80).text(" ").code(token.place, kPathBytes);
    if (token.first_ns >= 0) html.put("span", layout::seconds_text(token.first_ns), {{"class", "points"}});
  }
  Element list = html.in("ul");
  who(html, "read by", token.read_by);
  who(html, "handed out to", token.asked_by);
  for (const TokenSent& one : token.sent) {
    Element item = html.in("li");
    html.text("sent to ").code(one.to, 300);
    if (!one.app.empty()) html.text(" over ").theirs(one.app, 40);
    if (!one.encoding.empty()) html.text(" as ").theirs(one.encoding, 40);
    html.text(" by ");
    actor(html, one.by);
  }
}

}  // namespace

void write_files(Writer& html, const Report& r) {
  Element part = section(html, "files", "Files and artifacts",
                         layout::plural(r.files.size() + r.files_left_out, "file") + ", " +
                             layout::count_text(r.artifacts.size()) + " kept");
  if (r.files.empty()) {
    html.put("p", "It left nothing in its writable layer.", {{"class", "none"}});
    return;
  }
  std::vector<const FileChange*> files = telling_first(r);
  auto frame = [&] {
    return Table(html, "What it left in its writable layer", {"What", "Path", "Type", "Size", "Written by"});
  };
  size_t shown = shown_folding(html, files, kFiles, kOpenFiles, "file", frame,
                               [&](Table& table, const FileChange* file) { file_row(html, table, *file); });
  left_out(html, files.size() - shown, r.files_left_out, "file");
  if (r.artifacts.empty()) return;
  Element hint = html.in("p", {{"class", "hint"}});
  html.text(layout::plural(r.artifacts.size(), "file") + " kept");
  if (r.footer.artifacts_left_out > 0)
    html.text(", " + layout::count_text(r.footer.artifacts_left_out) + " beyond the bounds");
  html.text(": ");
  html.code("assay artifacts " + r.header.scan_id, 100);
  html.text(" gives a zip, password ");
  html.put("code", "infected");
  html.text(".");
}

void write_downloads(Writer& html, const Report& r) {
  Element part =
      section(html, "downloads", "Downloads", layout::count_text(r.downloads.size() + r.downloads_left_out));
  html.put("p", "Files that the simulated internet handed out, and what became of each.",
           {{"class", "hint"}});
  std::vector<const Download*> sorted;
  for (const Download& one : r.downloads) sorted.push_back(&one);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Download* a, const Download* b) { return a->status > b->status; });
  size_t shown = 0;
  {
    Table table(html, "Downloads", {"Became", "URL", "Kind", "Time", "Fetched by", "Run by"});
    shown =
        shown_of(html, sorted, kDownloads, [&](const Download* one) { write_download(html, table, *one); });
  }
  left_out(html, sorted.size() - shown, r.downloads_left_out, "download");
}

void write_tokens(Writer& html, const Report& r) {
  Element part = section(html, "tokens", "Honeytokens", layout::count_text(r.tokens.size()) + " touched");
  html.put("p", "Planted secrets: whoever reads or sends one was looking for secrets.", {{"class", "hint"}});
  std::vector<const TokenUse*> sorted;
  for (const TokenUse& token : r.tokens) sorted.push_back(&token);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const TokenUse* a, const TokenUse* b) { return a->sent.size() > b->sent.size(); });
  size_t shown = shown_folding(
      html, sorted, kTokens, kOpenTokens, "token", [&] { return html.in("div"); },
      [&](Element&, const TokenUse* token) { write_token(html, *token); });
  left_out(html, sorted.size() - shown, 0, "token");
}

}  // namespace assay::html
