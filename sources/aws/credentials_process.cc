// A program that prints credentials: AWS SDKs and Tools Reference Guide, "Process credential provider".
#include <nlohmann/json.hpp>

#include "common/process.h"
#include "common/text.h"
#include "sources/aws/credentials_parts.h"

namespace assay::sources::aws {
namespace {

constexpr std::chrono::seconds kLongest{60};
constexpr size_t kMaxWords = 100;

// The place of one character within its line.
enum class Quote : uint8_t { none, single, twice };

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  bool any = false;
  Quote quote = Quote::none;
  auto end_word = [&] {
    if (any) out.push_back(std::exchange(word, ""));
    any = false;
  };
  for (size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (quote == Quote::none && (c == ' ' || c == '\t')) {
      end_word();
      continue;
    }
    any = true;
    bool escapes =
        c == '\\' && i + 1 < line.size() &&
        (quote == Quote::none || (quote == Quote::twice && (line[i + 1] == '"' || line[i + 1] == '\\')));
    if (escapes) {
      word += line[++i];
    } else if (c == '\'' && quote != Quote::twice) {
      quote = quote == Quote::single ? Quote::none : Quote::single;
    } else if (c == '"' && quote != Quote::single) {
      quote = quote == Quote::twice ? Quote::none : Quote::twice;
    } else {
      word += c;
    }
  }
  if (quote != Quote::none) return Error{Errc::invalid, "credential_process: a quote is not closed"};
  end_word();
  if (out.empty() || out.size() > kMaxWords)
    return Error{Errc::invalid, "credential_process: names no program"};
  return out;
}

// Neither arguments nor what it prints to stderr are shown: both may hold secrets.
Result<Credentials> run_credential_process(const std::string& command, int stop_fd) {
  ASSAY_TRY(auto argv, split_command(command));
  std::string name = "credential_process " + printable(argv[0], 200);
  auto done = run({.argv = argv}, kLongest, 64 * 1024, stop_fd);
  if (!done) return Error{done.error().code, name + ": " + printable(done.error().what, 300)};
  if (done->status.shell_code() != 0)
    return Error{Errc::denied, name + " ended with status " + std::to_string(done->status.shell_code()) +
                                   "; run it by hand to see why"};
  auto body = nlohmann::json::parse(done->out, nullptr, false);
  if (!body.is_object() || body.value("Version", nlohmann::json()) != 1)
    return Error{Errc::corrupt, name + " does not print a JSON object of \"Version\": 1"};
  auto out = read_credentials_json(done->out);
  if (!out) return out.error().context(name);
  return out;
}

}  // namespace assay::sources::aws
