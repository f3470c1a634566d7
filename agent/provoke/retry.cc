#include "agent/provoke/retry.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "agent/provoke/image_files.h"

namespace assay {
namespace {

constexpr size_t kMaxNames = 24;
constexpr std::chrono::milliseconds kEarly{3000};

// What widely used images refuse to start without.
constexpr std::array kKnown = {"POSTGRES_PASSWORD",
                               "MYSQL_ROOT_PASSWORD",
                               "MARIADB_ROOT_PASSWORD",
                               "MONGO_INITDB_ROOT_USERNAME",
                               "MONGO_INITDB_ROOT_PASSWORD",
                               "RABBITMQ_DEFAULT_USER",
                               "RABBITMQ_DEFAULT_PASS",
                               "GF_SECURITY_ADMIN_USER",
                               "GF_SECURITY_ADMIN_PASSWORD",
                               "MINIO_ROOT_USER",
                               "MINIO_ROOT_PASSWORD",
                               "NEO4J_AUTH",
                               "ELASTIC_PASSWORD",
                               "ACCEPT_EULA",
                               "ACCEPT_LICENSE",
                               "KEYCLOAK_ADMIN",
                               "KEYCLOAK_ADMIN_PASSWORD",
                               "SA_PASSWORD",
                               "MSSQL_SA_PASSWORD",
                               "ORACLE_PASSWORD",
                               "COUCHDB_USER",
                               "COUCHDB_PASSWORD",
                               "INFLUXDB_ADMIN_PASSWORD",
                               "REDIS_PASSWORD",
                               "ALLOW_EMPTY_PASSWORD",
                               "ALLOW_ANONYMOUS_LOGIN"};

// Only these sound like something that stays: the order in which they are tried.
constexpr std::array kCommands = {"serve", "server", "start",  "run",        "daemon",    "agent", "web",
                                  "up",    "worker", "listen", "standalone", "start-dev", "node",  "console"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return out;
}

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

bool is_name_char(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

bool is_variable_name(std::string_view word) {
  if (word.size() < 3 || word.size() > 64 || word[0] < 'A' || word[0] > 'Z') return false;
  constexpr std::array kNoNames = {"ERROR",  "WARNING", "WARN",  "FATAL", "INFO", "NOTE",
                                   "NOTICE", "DEBUG",   "NOT",   "MUST",  "SET",  "UNSET",
                                   "PLEASE", "THE",     "USAGE", "YOU",   "ENV",  "AND"};
  return word.back() != '_' && std::find(kNoNames.begin(), kNoNames.end(), word) == kNoNames.end();
}

void keep(std::vector<std::string>& names, std::string_view name) {
  if (names.size() < kMaxNames && std::find(names.begin(), names.end(), name) == names.end())
    names.emplace_back(name);
}

// Names in one line; `bare` ones (no underscore in them) only where a variable is spoken of.
void names_in(std::string_view line, bool bare, std::vector<std::string>& out) {
  for (size_t i = 0; i < line.size();) {
    if (!is_name_char(line[i]) || (i > 0 && std::isalnum(static_cast<unsigned char>(line[i - 1])))) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < line.size() && is_name_char(line[end])) ++end;
    bool whole = end == line.size() || !std::isalnum(static_cast<unsigned char>(line[end]));
    std::string_view word = line.substr(i, end - i);
    if (whole && is_variable_name(word) && (bare || word.find('_') != std::string_view::npos))
      keep(out, word);
    i = end;
  }
}

}  // namespace

std::vector<std::string> demanded_names(std::string_view output) {
  std::vector<std::string> out;
  auto lines = lines_of(output);
  // A message may name its variables in the lines below: "You need to specify one of:".
  int carried = 0;
  for (const std::string& line : lines) {
    std::string low = lower(line);
    bool complains =
        has_any(low, {"not set", "required", "must", "missing", "undefined", "specify", "unset", "is empty",
                      "not specified", "not provided", "not defined", "need", "expected", "not found in env",
                      "keyerror", "parameter null", "no value", "please set", "unbound variable"});
    if (complains) carried = 4;
    if (carried-- > 0)
      names_in(line, has_any(low, {"variable", "env", "keyerror", "unbound", "parameter", "not set", "set "}),
               out);
  }
  return out;
}

std::vector<std::string> demanded_by_script(std::string_view script) {
  std::vector<std::string> out;
  for (size_t at = script.find("${"); at != std::string_view::npos; at = script.find("${", at + 2)) {
    size_t end = at + 2;
    while (end < script.size() &&
           (is_name_char(script[end]) || std::islower(static_cast<unsigned char>(script[end]))))
      ++end;
    std::string_view rest = script.substr(end, 2);
    if (end > at + 2 && (rest.starts_with(":?") || rest.starts_with("?")))
      keep(out, script.substr(at + 2, end - at - 2));
  }
  return out;
}

std::vector<std::string> offered_commands(std::string_view output) {
  std::string low = lower(output);
  if (!has_any(low, {"usage", "commands:", "subcommand", "--help", "unknown command", "no command"}))
    return {};
  std::vector<std::string> said;
  for (const std::string& line : lines_of(low))
    for (std::string word : words_of(line)) {
      std::erase_if(
          word, [](char c) { return std::string_view("[](){}<>,|:'\"`").find(c) != std::string_view::npos; });
      said.push_back(std::move(word));
    }
  std::vector<std::string> out;
  for (const char* command : kCommands)
    if (std::find(said.begin(), said.end(), command) != said.end()) out.push_back(command);
  return out;
}

std::string value_for(std::string_view name, const std::string& word) {
  if (name == "NEO4J_AUTH") return "neo4j/" + word;
  if (name == "ACCEPT_EULA" || name == "ACCEPT_LICENSE") return "Y";
  if (has_any(name, {"EULA"})) return "TRUE";
  if (has_any(name, {"LICENSE"})) return "accept";
  if (has_any(name, {"ALLOW_", "ENABLE_"})) return "yes";
  if (name.ends_with("_PORT")) return "8080";
  if (has_any(name, {"URL", "URI", "ENDPOINT"})) return "http://backend.internal/";
  if (name.ends_with("HOST") || name.ends_with("ADDR") || name.ends_with("SERVER")) return "backend.internal";
  if (has_any(name, {"EMAIL"})) return "admin@backend.internal";
  // Complex enough for those that look: upper, lower, digit, mark.
  if (has_any(name, {"PASS", "SECRET", "TOKEN", "KEY", "AUTH"})) return "Aa1-" + word;
  if (has_any(name, {"USER", "ADMIN", "LOGIN"})) return "admin";
  if (has_any(name, {"DATABASE", "DB", "NAME"})) return "app";
  return "1";
}

Retries::Retries(std::vector<std::string> argv, std::vector<std::string> env,
                 std::string_view entrypoint_script, std::string word)
    : argv_(std::move(argv)),
      env_(std::move(env)),
      demanded_by_script_(demanded_by_script(entrypoint_script)),
      word_(std::move(word)) {}

void Retries::demand(const std::string& name) {
  if (variable(env_, name).value_or("").empty() && !variable(added_, name))
    added_.push_back(name + "=" + value_for(name, word_));
}

std::optional<Retry> Retries::next(const EarlyEnd& end) {
  bool failed = end.status.shell_code() != 0;
  auto commands = offered_commands(end.output);
  auto names = demanded_names(end.output);
  // What ends well and asks for nothing has done what it came for.
  if (tries_ >= kMax || (!failed && (end.lived > kEarly || (commands.empty() && names.empty())))) return {};
  ++tries_;
  size_t before = added_.size();
  Retry retry;
  for (const std::string& name : names) demand(name);
  for (const std::string& name : demanded_by_script_) demand(name);
  for (size_t i = before; i < added_.size(); ++i)
    retry.why += (retry.why.empty() ? "set " : ", ") + added_[i].substr(0, added_[i].find('='));
  if (before == 0)
    for (const char* name : kKnown) demand(name);
  retry.argv = argv_;
  if (retry.argv.size() > 1 && has_any(retry.argv.back(), {"help"}) && !commands.empty())
    retry.argv.pop_back();
  for (const std::string& command : commands) {
    if (added_.size() > before && !retry.why.empty()) break;  // one change at a time
    if (std::find(tried_commands_.begin(), tried_commands_.end(), command) != tried_commands_.end()) continue;
    tried_commands_.push_back(command);
    retry.argv.push_back(command);
    retry.why = "try '" + command + "'";
    break;
  }
  if (retry.why.empty() && before > 0) return {};  // nothing that has not been tried
  if (retry.why.empty()) retry.why = "set what well-known images demand";
  retry.env = added_;
  return retry;
}

}  // namespace assay
