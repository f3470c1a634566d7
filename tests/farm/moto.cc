// Its root, its process, and the moment from which it answers.
#include "tests/farm/moto.h"

#include "tests/farm/http.h"

namespace assay::farm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kMaking{600}, kStarting{60};

bool answers(uint16_t port) {
  Http http(port, "");
  auto reply = http.call("GET", "/moto-api/", "", seconds(5));
  return reply && reply->status < 500;
}

}  // namespace

Result<Moto> Moto::start(const std::string& source_dir) {
  std::string script = source_dir + "/tests/aws/moto.sh", root = source_dir + "/build/moto";
  ASSAY_TRY(Output made, run({.argv = {script, root}}, kMaking));
  if (made.status.shell_code() != 0) return Error{Errc::io, "moto's root cannot be made: " + made.err};
  ASSAY_TRY(uint16_t port, free_port());
  Moto out;
  out.url_ = "http://127.0.0.1:" + std::to_string(port);
  ASSAY_TRY(out.child_, spawn({.argv = {script, root, "serve", std::to_string(port)}}));
  for (auto end = steady_clock::now() + kStarting; !answers(port);) {
    if (steady_clock::now() > end) return Error{Errc::timeout, "moto does not answer"};
    if (out.child_.wait_until(steady_clock::now() + milliseconds(100))) return Error{Errc::io, "moto ended"};
  }
  return out;
}

}  // namespace assay::farm
