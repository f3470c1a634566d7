// Words and exit codes of going through all traces.
#include "cli/looked.h"

#include "cli/options.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {

std::string left_out_text(uint64_t shared, uint64_t unfinished, uint64_t pruned, uint64_t damaged) {
  std::string out;
  auto leave = [&](uint64_t count, const char* why) {
    if (count > 0) out += (out.empty() ? "" : ", ") + layout::count_text(count) + " " + why;
  };
  leave(shared, "with the result of another");
  leave(unfinished, "not done");
  leave(pruned, "without a trace any more");
  leave(damaged, "damaged");
  return out;
}

int tell_damage(int code, std::initializer_list<std::string> damage) {
  for (const std::string& what : damage)
    if (!what.empty())
      code = worse(static_cast<Exit>(code), static_cast<Exit>(complain({Errc::corrupt, what}, kFailed)));
  return code;
}

}  // namespace assay::cli
