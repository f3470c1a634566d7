// logsource: which of our categories a rule's logsource means, or why none of ours.
#pragma once

#include <optional>
#include <string>

#include "scheduler/score/fields.h"

namespace assay {

struct LogsourceAnswer {
  std::optional<Category> category;
  std::string reason;  // where there is none: "logsource service sshd: nothing here writes that log"
};

/// Sigma's three words, empty where the rule has none.
LogsourceAnswer answer_logsource(const std::string& category, const std::string& product,
                                 const std::string& service);

}  // namespace assay
