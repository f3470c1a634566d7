// persona_diff: what only some of the personas provoked, out of the reports of the same image under each:
// findings, names asked for, peers, programs, ports, downloads, honeytokens. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/job.h"
#include "common/result.h"
#include "scheduler/score/report.h"

namespace assay {

struct PersonaDiff {
  static constexpr size_t kMaxOfKind = 200;

  struct Run {
    Persona persona = Persona::bare;
    Verdict verdict = Verdict::inconclusive;
    int score = 0;
    std::string scan_id;
  };
  struct Item {
    std::vector<Persona> only;  // under these it was seen, under the others not
    std::string kind;           // "finding", "token", "download", "executable", "name", "peer", "port"
    std::string what;
  };
  std::vector<Run> runs;    // in the order of the reports
  std::vector<Item> items;  // by personas, then by kind, then by name
  uint64_t left_out = 0;
};

/// Each of the reports has a persona of its own.
PersonaDiff diff_personas(const std::vector<Report>& reports);
/// A last section below their texts.
std::string persona_diff_text(const PersonaDiff& diff, const TextStyle& style);
/// {"schema": "assay.personas/1", "runs": [...], "only": [...], "left_out", "reports": [...]}: `reports` are
/// their JSON.
Result<std::string> personas_json(const PersonaDiff& diff, const std::vector<std::string>& reports);

}  // namespace assay
