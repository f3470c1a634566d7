// rule_spot: where in the rule files a cause lies. Every message about a rule is made here, so that all of
// them read FILE:LINE: rule 'TITLE': cause.
#pragma once

#include <string>

#include "common/result.h"

namespace assay {

struct Spot {
  std::string source;  // file or given name, fit to be shown
  std::string title;   // of the rule; empty until it is known
  std::string within;  // "selection 's': ", "'Image|re': "

  /// `what` names the word that is wrong. A line of 0 is left out.
  Error error(int line, const std::string& what, Errc code = Errc::invalid) const;
  Spot in(const std::string& part) const;
};

}  // namespace assay
