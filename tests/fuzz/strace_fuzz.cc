// runsc's log of a hostile guest's calls: any bytes as the log, and any text as one line's arguments. No
// string grows beyond its bounds, and no call takes more lines than there are.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "agent/trace/seccheck_decode.h"
#include "agent/trace/strace.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  if (size < 2) return 0;
  static const char* const kCalls[] = {"unlink", "renameat2", "mount",  "execve",
                                       "chmod",  "utime",     "fchown", "symlinkat"};
  std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  Event event;
  event.call = kCalls[data[0] % std::size(kCalls)];
  event.pid = event.tid = 7;
  event.args = {0x10, 0x20, 0x30, 0x40, 0x50, 0};
  if (data[1] % 2 == 1) event.args[0] = 0xffffff9c;
  event.cwd = "/srv";
  Strace strace;
  if (data[1] % 4 >= 2) {
    strace.add(bytes);
  } else {
    auto text = nlohmann::json("strace.go:599] [   7:   7] " + std::string(bytes));
    strace.add("{\"msg\":" + text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "}\n");
  }
  size_t matched = 0;
  while (strace.match(event)) ++matched;
  if (matched > strace.counts().lines) std::abort();
  // A base of up to so much before each.
  if (event.path.size() > 2 * size + 2 * kMaxPathBytes || event.argv.size() > kMaxItems) std::abort();
  return 0;
}
