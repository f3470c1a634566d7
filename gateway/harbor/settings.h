// settings: how Harbor may ask, and what is made of it (options harbor-*, docs/assay-gateway.conf).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/result.h"

namespace boost::program_options {
class options_description;
class variables_map;
}  // namespace boost::program_options

namespace assay::gateway::harbor {

/// By what Harbor shows that it may ask: as a scanner's registration has it. off: there is no adapter.
enum class Auth : uint8_t { off, none, basic, bearer, api_key };

struct Settings {
  Auth auth = Auth::off;
  std::string credential_file;          // its first line: USER:PASSWORD of basic, else the token or key
  std::vector<std::string> registries;  // hosts that may be scanned, "harbor.example[:PORT]"; empty: any
  bool plain_http = false;              // registries with an http:// URL, too
  std::string lane = "interactive";
  std::chrono::seconds duration{0};   // of each run; 0: as the scheduler has it
  std::string inconclusive = "High";  // severity of a scan that could not tell
  std::chrono::seconds refresh{10};   // until Harbor is to ask again
  std::chrono::seconds patience{
      15 * 60};  // after a scan's submission: while the scheduler is away it is under way
};

void describe(boost::program_options::options_description& options);
/// Errc::invalid names the option and the rule that it breaks. Opens nothing.
Result<Settings> read_settings(const boost::program_options::variables_map& map);

}  // namespace assay::gateway::harbor
