// Each report as sets of words; what is not in all of them is told.
#include "scheduler/score/persona_diff.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "common/text.h"
#include "scheduler/score/text_sheet.h"

namespace assay {
namespace {

using Json = nlohmann::ordered_json;
using layout::Ink;
using layout::pad;

constexpr std::array kKinds = {"finding", "token", "download", "executable", "name", "peer", "port"};

std::array<std::set<std::string>, kKinds.size()> words_of(const Report& r) {
  std::array<std::set<std::string>, kKinds.size()> out;
  auto& [findings, tokens, downloads, executables, names, peers, ports] = out;
  for (const auto& finding : r.findings) findings.insert(finding.title);
  for (const auto& token : r.tokens) {
    std::string what = token.kind + " " + token.place;
    if (!token.read_by.empty()) tokens.insert(what + " read");
    if (!token.asked_by.empty()) tokens.insert(what + " handed out");
    for (const auto& one : token.sent) tokens.insert(what + " sent to " + one.to);
  }
  for (const auto& download : r.downloads)
    downloads.insert(download.url + (download.status == DownloadStatus::run ? " run" : ""));
  for (const auto& process : r.processes)
    if (!process.path.empty()) executables.insert(process.path);
  for (const auto& name : r.dns_names) names.insert(name);
  for (const auto& peer : r.network)
    peers.insert((peer.name.empty() ? peer.addr : peer.name) +
                 (peer.port == 0 ? "" : " " + peer.proto + "/" + std::to_string(peer.port)) +
                 (peer.app.empty() ? "" : " " + peer.app));
  for (const auto& port : r.listening) ports.insert(port);
  return out;
}

std::string join(const std::vector<Persona>& personas) {
  std::string out;
  for (Persona persona : personas) out += (out.empty() ? "" : ", ") + std::string(to_string(persona));
  return out;
}

Ink ink_of(Verdict verdict) {
  return verdict == Verdict::malicious ? Ink::red : verdict == Verdict::clean ? Ink::green : Ink::yellow;
}

}  // namespace

PersonaDiff diff_personas(const std::vector<Report>& reports) {
  PersonaDiff diff;
  std::vector<std::array<std::set<std::string>, kKinds.size()>> words;
  for (const Report& report : reports) {
    diff.runs.push_back({report.header.job.persona, report.verdict, report.score, report.header.scan_id});
    words.push_back(words_of(report));
  }
  for (size_t kind = 0; kind < kKinds.size(); ++kind) {
    std::map<std::string, std::vector<Persona>> seen;
    for (size_t i = 0; i < reports.size(); ++i)
      for (const auto& word : words[i][kind]) seen[word].push_back(diff.runs[i].persona);
    size_t told = 0;
    for (auto& [word, personas] : seen) {
      if (personas.size() == reports.size()) continue;
      if (told++ < PersonaDiff::kMaxOfKind)
        diff.items.push_back({std::move(personas), kKinds[kind], word});
      else
        ++diff.left_out;
    }
  }
  // One persona before two; equal sets together, the order of kinds and names kept.
  std::stable_sort(diff.items.begin(), diff.items.end(), [](const auto& a, const auto& b) {
    return a.only.size() != b.only.size() ? a.only.size() < b.only.size() : a.only < b.only;
  });
  return diff;
}

std::string persona_diff_text(const PersonaDiff& diff, const TextStyle& style) {
  constexpr size_t kMaxShown = 60;
  layout::Sheet sheet(style.color, std::clamp(style.width, 60u, 200u));
  sheet.section("PERSONAS", layout::count_text(diff.runs.size()));
  sheet.line();
  for (const auto& run : diff.runs)
    sheet.line("  " + pad(to_string(run.persona), 12) +
               sheet.paint(ink_of(run.verdict), pad(to_string(run.verdict), 14)) + std::to_string(run.score) +
               "/100");
  if (diff.items.empty()) sheet.line("\n  Each of them provoked the same.");
  const std::vector<Persona>* group = nullptr;
  for (size_t i = 0; i < diff.items.size() && i < kMaxShown; ++i) {
    const auto& item = diff.items[i];
    if (group == nullptr || *group != item.only) {
      sheet.line();
      sheet.line("  " + sheet.paint(Ink::bold, "only " + join(item.only)));
    }
    group = &item.only;
    sheet.line("    " + sheet.paint(Ink::dim, pad(item.kind, 12)) +
               layout::fit(still_printable(item.what), sheet.width - 16));
  }
  uint64_t more = diff.left_out + diff.items.size() - std::min(diff.items.size(), kMaxShown);
  if (more > 0) sheet.line("    … and " + layout::count_text(more) + " more");
  return std::move(sheet.out);
}

Result<std::string> personas_json(const PersonaDiff& diff, const std::vector<std::string>& reports) {
  Json out = {{"schema", "assay.personas/1"}, {"runs", Json::array()}, {"only", Json::array()}};
  for (const auto& run : diff.runs)
    out["runs"].push_back({{"persona", to_string(run.persona)},
                           {"scan_id", still_printable(run.scan_id)},
                           {"verdict", to_string(run.verdict)},
                           {"score", run.score}});
  for (const auto& item : diff.items) {
    Json personas = Json::array();
    for (Persona persona : item.only) personas.push_back(to_string(persona));
    out["only"].push_back(
        {{"personas", personas}, {"kind", item.kind}, {"what", still_printable(item.what)}});
  }
  out["left_out"] = diff.left_out;
  out["reports"] = Json::array();
  for (const auto& text : reports) {
    Json report = Json::parse(text, nullptr, false);
    if (report.is_discarded()) return Error{Errc::corrupt, "a report is no JSON"};
    out["reports"].push_back(std::move(report));
  }
  return out.dump(2);
}

}  // namespace assay
