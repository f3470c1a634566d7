// External variables are those of the public rule sets (LOKI, THOR): they compile only where these exist.
#include "agent/inspect/rules.h"

#include <unistd.h>
#include <yara.h>

#include <cerrno>

#include "common/fd.h"

namespace assay::inspect {
namespace {

constexpr const char* kExternals[] = {"filename", "filepath", "extension", "filetype", "owner"};
constexpr size_t kMaxErrors = 10;

Error failed(const char* what, int code) {
  return {Errc::io, std::string("libyara cannot ") + what + " (error " + std::to_string(code) + ")"};
}

struct CompilerDeleter {
  void operator()(YR_COMPILER* compiler) const { ::yr_compiler_destroy(compiler); }
};
struct RulesDeleter {
  void operator()(YR_RULES* rules) const { ::yr_rules_destroy(rules); }
};
struct ScannerDeleter {
  void operator()(YR_SCANNER* scanner) const { ::yr_scanner_destroy(scanner); }
};

struct Complaints {
  const std::string* path = nullptr;
  std::string text;
  size_t count = 0;
};

void complain(int level, const char*, int line, const YR_RULE*, const char* message, void* user) {
  auto& complaints = *static_cast<Complaints*>(user);
  if (level != YARA_ERROR_LEVEL_ERROR || complaints.count++ >= kMaxErrors) return;
  if (!complaints.text.empty()) complaints.text += "\n";
  complaints.text += *complaints.path + ":" + std::to_string(line) + ": " + message;
}

// No rule file opens another: they are read by the agent, all of a directory.
const char* refuse_include(const char*, const char*, const char*, void*) { return nullptr; }

size_t write_out(const void* bytes, size_t size, size_t count, void* user) {
  auto done =
      write_all(*static_cast<int*>(user), {static_cast<const char*>(bytes), size * count}, "the rules");
  return done ? count : 0;
}

struct Position {
  int fd;
  off_t at = 0;
};

size_t read_in(void* bytes, size_t size, size_t count, void* user) {
  auto& position = *static_cast<Position*>(user);
  size_t got = 0;
  while (got < size * count) {
    ssize_t n = ::pread(position.fd, static_cast<char*>(bytes) + got, size * count - got, position.at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    got += static_cast<size_t>(n);
    position.at += n;
  }
  return size == 0 ? 0 : got / size;
}

int on_match(YR_SCAN_CONTEXT*, int message, void* data, void* user) {
  if (message != CALLBACK_MSG_RULE_MATCHING) return CALLBACK_CONTINUE;
  auto& matches = *static_cast<Matches*>(user);
  const auto* rule = static_cast<const YR_RULE*>(data);
  if (matches.names.size() < kMaxMatches)
    matches.names.push_back(std::string(rule->ns->name) + ":" + rule->identifier);
  else
    ++matches.left_out;
  return CALLBACK_CONTINUE;
}

std::string extension_of(const std::string& name) {
  size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? "" : name.substr(dot);
}

}  // namespace

Result<Yara> Yara::open() {
  if (int error = ::yr_initialize(); error != ERROR_SUCCESS) return failed("start", error);
  return Yara(true);
}

Yara::~Yara() {
  if (open_) ::yr_finalize();
}

Result<size_t> compile_rules(const std::vector<RuleFile>& files, int out_fd) {
  YR_COMPILER* made = nullptr;
  if (int error = ::yr_compiler_create(&made); error != ERROR_SUCCESS)
    return failed("make a compiler", error);
  std::unique_ptr<YR_COMPILER, CompilerDeleter> compiler(made);
  Complaints complaints;
  ::yr_compiler_set_callback(made, complain, &complaints);
  ::yr_compiler_set_include_callback(made, refuse_include, nullptr, nullptr);
  for (const char* name : kExternals)
    if (int error = ::yr_compiler_define_string_variable(made, name, ""); error != ERROR_SUCCESS)
      return failed("define a variable", error);
  for (const RuleFile& file : files) {
    complaints.path = &file.path;
    if (file.text.find('\0') != std::string::npos)
      return Error{Errc::invalid, file.path + ":1: holds a NUL byte"};
    // A compiler that has met an error can do nothing more.
    if (::yr_compiler_add_string(made, file.text.c_str(), file.rule_namespace.c_str()) != 0)
      return Error{Errc::invalid,
                   complaints.text.empty() ? file.path + ":1: does not compile" : complaints.text};
  }
  YR_RULES* taken = nullptr;
  if (int error = ::yr_compiler_get_rules(made, &taken); error != ERROR_SUCCESS)
    return failed("take the rules from the compiler", error);
  std::unique_ptr<YR_RULES, RulesDeleter> rules(taken);
  YR_STREAM stream{};
  stream.user_data = &out_fd;
  stream.write = write_out;
  if (int error = ::yr_rules_save_stream(taken, &stream); error != ERROR_SUCCESS)
    return failed("save the rules", error);
  size_t count = 0;
  YR_RULE* rule = nullptr;
  yr_rules_foreach(taken, rule)++ count;
  return count;
}

struct Rules::State {
  std::unique_ptr<YR_RULES, RulesDeleter> rules;
  std::unique_ptr<YR_SCANNER, ScannerDeleter> scanner;  // before its rules it goes
};

Rules::Rules(std::unique_ptr<State> state) : state_(std::move(state)) {}
Rules::Rules(Rules&&) noexcept = default;
Rules& Rules::operator=(Rules&&) noexcept = default;
Rules::~Rules() = default;

Result<Rules> Rules::load(int fd) {
  auto state = std::make_unique<State>();
  Position position{fd};
  YR_STREAM stream{};
  stream.user_data = &position;
  stream.read = read_in;
  YR_RULES* rules = nullptr;
  if (int error = ::yr_rules_load_stream(&stream, &rules); error != ERROR_SUCCESS)
    return failed("load the rules", error);
  state->rules.reset(rules);
  YR_SCANNER* scanner = nullptr;
  if (int error = ::yr_scanner_create(rules, &scanner); error != ERROR_SUCCESS)
    return failed("make a scanner", error);
  state->scanner.reset(scanner);
  ::yr_scanner_set_flags(scanner, SCAN_FLAGS_REPORT_RULES_MATCHING | SCAN_FLAGS_FAST_MODE);
  return Rules(std::move(state));
}

Result<Matches> Rules::match(std::string_view bytes, const Ask& ask, const std::string& file_type,
                             std::chrono::seconds time) {
  std::string name = ask.path.substr(ask.path.rfind('/') + 1);
  const std::string values[] = {name, ask.path, extension_of(name), file_type,
                                ask.owner_uid == 0 ? "root" : std::to_string(ask.owner_uid)};
  YR_SCANNER* scanner = state_->scanner.get();
  for (size_t i = 0; i < std::size(kExternals); ++i)
    if (int error = ::yr_scanner_define_string_variable(scanner, kExternals[i], values[i].c_str());
        error != ERROR_SUCCESS)
      return failed("set a variable", error);
  Matches out;
  ::yr_scanner_set_callback(scanner, on_match, &out);
  ::yr_scanner_set_timeout(scanner, static_cast<int>(time.count()));
  int error = ::yr_scanner_scan_mem(scanner, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  out.timed_out = error == ERROR_SCAN_TIMEOUT;
  if (error != ERROR_SUCCESS && !out.timed_out) return failed("scan a file", error);
  return out;
}

}  // namespace assay::inspect
