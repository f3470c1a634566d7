#include "common/interpreter.h"

#include <algorithm>
#include <iterator>

#include "common/paths.h"

namespace assay {

bool is_interpreter(std::string_view path) {
  static constexpr std::string_view kNames[] = {"sh",     "bash", "dash", "ash",  "zsh",  "ksh", "busybox",
                                                "python", "perl", "ruby", "php",  "node", "lua", "nodejs",
                                                "tclsh",  "java", "pwsh", "deno", "bun",  "awk"};
  std::string_view name = base_name(path);
  while (!name.empty() && (name.back() == '.' || (name.back() >= '0' && name.back() <= '9')))
    name.remove_suffix(1);
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace assay
