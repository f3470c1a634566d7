// Messages about rules.
#include "scheduler/score/rule_spot.h"

#include "common/text.h"

namespace assay {

Error Spot::error(int line, const std::string& what, Errc code) const {
  std::string text = source;
  if (line > 0) text += ":" + std::to_string(line);
  text += title.empty() ? ": " : ": rule '" + printable(title, 100) + "': ";
  return {code, text + within + what};
}

Spot Spot::in(const std::string& part) const { return {source, title, within + part + ": "}; }

}  // namespace assay
