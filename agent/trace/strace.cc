// The format of gVisor's pkg/sentry/strace: "[ pid: tid] name X call(arg, arg) = ret (hex) [errno=n (text)]
// (duration)". Paths stand as "0xADDRESS path", descriptors as "0xFD path" or "AT_FDCWD path", both unquoted.
#include "agent/trace/strace.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/trace/seccheck_decode.h"
#include "agent/trace/strace_quoted.h"
#include "common/paths.h"

namespace assay {
namespace {

// One letter an argument: p path, f descriptor of a directory or file, s any other string, v list of strings,
// r another pointer; x all else, whose text holds no comma.
struct Format {
  const char* call;
  const char* arguments;
};
constexpr Format kFormats[] = {
    {"unlink", "p"},        {"unlinkat", "fpx"},  {"rename", "pp"},      {"renameat", "fpfp"},
    {"renameat2", "fpfpx"}, {"link", "pp"},       {"linkat", "fpxpx"},   {"symlink", "sp"},
    {"symlinkat", "sfp"},   {"chmod", "px"},      {"fchmod", "fx"},      {"fchmodat", "fpx"},
    {"chown", "pxx"},       {"fchown", "fxx"},    {"lchown", "pxx"},     {"fchownat", "fpxxx"},
    {"mkdir", "px"},        {"mkdirat", "fpx"},   {"rmdir", "p"},        {"mknod", "pxx"},
    {"mknodat", "fpxx"},    {"truncate", "px"},   {"utimensat", "fprx"}, {"utime", "pr"},
    {"utimes", "pr"},       {"futimesat", "fpr"}, {"setxattr", "psxxx"}, {"lsetxattr", "psxxx"},
    {"removexattr", "ps"},  {"mount", "spsxs"},   {"umount2", "px"},     {"pivot_root", "pp"},
    {"memfd_create", "sx"}, {"execve", "pvv"},    {"prctl", "xxxxx"},
};

const Format* format_of(std::string_view call) {
  for (const auto& format : kFormats)
    if (call == format.call) return &format;
  return nullptr;
}

std::string hex(uint64_t value) {
  char text[20] = "0x";
  auto end = std::to_chars(text + 2, text + sizeof text, value, 16).ptr;
  return std::string(text, end);
}

// How an argument whose register is known begins; "" where that is not known.
std::string opening(char kind, uint64_t value) {
  if (kind == 'f') {
    auto fd = static_cast<int32_t>(value);
    if (fd == AT_FDCWD) return "AT_FDCWD ";
    return (fd < 0 ? "-" + hex(uint64_t{0} - static_cast<uint64_t>(int64_t{fd}))
                   : hex(static_cast<uint32_t>(fd))) +
           " ";
  }
  if (kind == 'x') return "";
  if (kind == 'r') return value == 0 ? "null" : hex(value);
  return value == 0 ? "<null>" : hex(value) + " ";
}

struct Argument {
  char kind;
  std::string text;  // behind its opening
};

// Each argument ends where the next known opening stands: with nothing between that could be told apart by
// itself but arguments of kind x, which hold no comma.
class Divide {
 public:
  Divide(const Format& format, const Event& event, std::string_view text)
      : kinds_(format.arguments), event_(event), rest_(text) {}
  std::optional<std::vector<Argument>> run();
  bool ambiguous() const { return ambiguous_; }

 private:
  bool take(size_t i);
  std::string_view kinds_;
  const Event& event_;
  std::string_view rest_;
  std::vector<Argument> out_;
  bool ambiguous_ = false;
};

bool Divide::take(size_t i) {
  char kind = kinds_[i];
  std::string begin = opening(kind, event_.args[i]);
  if (!rest_.starts_with(begin)) {
    if (kind != 'f') return false;
    begin.pop_back();  // a descriptor that is not open: its number alone, or with what is wrong
    if (!rest_.starts_with(begin)) return false;
  }
  rest_.remove_prefix(begin.size());
  size_t end = rest_.size();
  if (i + 1 < kinds_.size()) {
    size_t next = i + 1;
    if (kind == 'x' || kinds_[next] != 'x') {
      std::string separator = ", " + opening(kinds_[next], event_.args[next]);
      if (separator.ends_with(' ') && kinds_[next] == 'f') separator.pop_back();
      end = kind == 'x' ? rest_.find(", ") : rest_.rfind(separator);
      if (end == std::string_view::npos) return false;
      if (kind != 'x' && rest_.find(separator) != end) ambiguous_ = true;
    } else {
      // Behind a string come arguments without commas, perhaps then strings again.
      size_t run = next;
      while (run < kinds_.size() && kinds_[run] == 'x') ++run;
      size_t stop = rest_.size();
      if (run < kinds_.size()) {
        std::string separator = ", " + opening(kinds_[run], event_.args[run]);
        stop = rest_.rfind(separator);
        if (stop == std::string_view::npos) return false;
        if (rest_.find(separator) != stop) ambiguous_ = true;
      }
      for (end = stop; run > next; --run) {
        if (end == 0 || (end = rest_.rfind(", ", end - 1)) == std::string_view::npos) return false;
      }
    }
  }
  out_.push_back({kind, std::string(rest_.substr(0, end))});
  rest_.remove_prefix(end);
  if (i + 1 < kinds_.size()) {
    if (!rest_.starts_with(", ")) return false;
    rest_.remove_prefix(2);
  }
  return true;
}

std::optional<std::vector<Argument>> Divide::run() {
  for (size_t i = 0; i < kinds_.size(); ++i)
    if (!take(i)) return {};
  if (!rest_.empty()) return {};
  return std::move(out_);
}

std::string bounded(std::string text, Event& event) {
  if (text.size() <= kMaxPathBytes) return text;
  event.truncated += text.size() - kMaxPathBytes;
  text.resize(kMaxPathBytes);
  return text;
}

bool unreadable(std::string_view text) { return text.starts_with("(error decoding ") && text.ends_with(")"); }

// Paths become absolute by the directory that is printed before them, or the caller's own.
void fill(Event& event, const std::vector<Argument>& arguments) {
  std::string base = event.cwd;
  size_t paths = 0;
  auto put = [&](std::string text, bool is_path) {
    if (unreadable(text)) text.clear();
    text = bounded(std::move(text), event);
    std::string whole = is_path && !text.empty() ? resolve_path(base, text) : text;
    if (paths == 0) {
      event.path = whole;
      if (whole != text && event.data.empty()) event.data = text;
    } else if (paths == 1) {
      event.path2 = whole;
    } else if (event.data.empty()) {
      event.data = whole;
    }
    ++paths;
    base = event.cwd;
  };
  // fchmod and the like; futimens(3) is utimensat without a path.
  bool of_descriptor =
      arguments.size() > 1 && arguments[0].kind == 'f' && (arguments[1].kind == 'x' || event.args[1] == 0);
  if (of_descriptor && !arguments[0].text.starts_with('(')) event.fd_path = bounded(arguments[0].text, event);
  bool argv = true;
  for (const Argument& argument : arguments) {
    if (argument.kind == 'f')
      base = argument.text.starts_with('/') ? argument.text : event.cwd;
    else if (argument.kind == 'p' || argument.kind == 's')
      put(argument.text, argument.kind == 'p');
    else if (argument.kind == 'v' && std::exchange(argv, false))
      event.argv = parse_quoted_list(argument.text, event.truncated);
  }
}

}  // namespace

std::string strace_calls() {
  std::string out;
  for (const auto& format : kFormats) out += (out.empty() ? "" : ",") + std::string(format.call);
  return out;
}

Result<std::optional<StraceLine>> parse_strace_line(std::string_view json) {
  auto entry = nlohmann::json::parse(json, nullptr, false);
  if (!entry.is_object() || !entry.contains("msg") || !entry["msg"].is_string())
    return Error{Errc::corrupt, "not a line of runsc's log"};
  const auto& message = entry["msg"].get_ref<const std::string&>();
  std::string_view rest = message;
  // "strace.go:561] [   1:   1] ", or with the ids of an inner pid namespace: "[   3(   1):   3(   1)] "
  size_t head = rest.find("] [");
  if (!rest.starts_with("strace.go:") || head == std::string_view::npos || head > 20)
    return std::optional<StraceLine>();
  rest.remove_prefix(head + 3);
  StraceLine out;
  auto number = [&](int32_t& to, char end) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    auto [at, error] = std::from_chars(rest.data(), rest.data() + rest.size(), to);
    if (error != std::errc() || to < 0) return false;
    rest.remove_prefix(static_cast<size_t>(at - rest.data()));
    size_t stop = rest.find(end);
    if (stop == std::string_view::npos || stop > 20) return false;
    rest.remove_prefix(stop + 1);
    return true;
  };
  if (!number(out.pid, ':') || !number(out.tid, ']') || !rest.starts_with(' '))
    return Error{Errc::corrupt, "not a line of runsc's strace"};
  out.text = rest.substr(1);
  return std::optional(std::move(out));
}

std::optional<StraceMatch> apply_strace_line(const StraceLine& line, Event& event) {
  const Format* format = format_of(event.call);
  if (format == nullptr || line.tid != event.tid) return {};
  // Names are of 15 bytes at most in Linux; what does not print as UTF-8 takes three bytes each here.
  std::string mark = " X " + event.call + "(";
  size_t at = line.text.find(mark);
  StraceMatch match;
  for (; at != std::string::npos && at <= 64; at = line.text.find(mark, at + 1)) {
    std::string_view body = std::string_view(line.text).substr(at + mark.size());
    size_t end = body.rfind(") = ");
    if (end == std::string_view::npos) return {};
    Divide divide(*format, event, body.substr(0, end));
    auto arguments = divide.run();
    if (!arguments) continue;
    match.comm = line.text.substr(0, at);
    match.ambiguous = divide.ambiguous();
    fill(event, *arguments);
    return match;
  }
  return {};
}

void Strace::restart() {
  for (const auto& [tid, lines] : waiting_) counts_.left_over += lines.size();
  waiting_.clear();
  waiting_bytes_ = 0;
}

void Strace::add(std::string_view bytes) {
  while (!bytes.empty()) {
    size_t end = bytes.find('\n');
    std::string_view part = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (!skipping_ && partial_.size() + part.size() <= kMaxLine) {
      partial_ += part;
    } else if (!skipping_) {
      skipping_ = true;
      partial_.clear();
      ++counts_.bad;
    }
    if (end == std::string_view::npos) return;
    if (!skipping_) entries(partial_);
    partial_.clear();
    skipping_ = false;
  }
}

void Strace::drop_oldest(std::deque<StraceLine>& lines) {
  waiting_bytes_ -= lines.front().text.size();
  lines.pop_front();
  ++counts_.left_over;
}

// An entry and the end of its line are two writes of runsc's: of two threads come two entries on one line.
void Strace::entries(std::string_view line) {
  constexpr std::string_view border = R"(}{"msg":")";  // never within a string: its quotes are escaped there
  for (size_t at = 0; (at = line.find(border)) != std::string_view::npos; line.remove_prefix(at + 1))
    entry(line.substr(0, at + 1));
  entry(line);
}

void Strace::entry(std::string_view json) {
  if (!json.starts_with("{\"msg\":\"strace.go:")) return;  // runsc's other words, panics among them
  auto parsed = parse_strace_line(json);
  if (!parsed) {
    ++counts_.bad;
    return;
  }
  if (!*parsed) return;
  StraceLine& line = **parsed;
  // As it begins: the same again. A name may look like anything, so only what no exit can be is left out.
  if (line.text.find(" X ") == std::string::npos) return;
  ++counts_.lines;
  if (waiting_.size() >= kMaxThreads || waiting_bytes_ >= kMaxWaitingBytes) restart();
  auto& lines = waiting_[line.tid];
  if (lines.size() >= kMaxWaiting) drop_oldest(lines);
  waiting_bytes_ += line.text.size();
  lines.push_back(std::move(line));
}

std::optional<StraceMatch> Strace::match(Event& event) {
  auto found = waiting_.find(event.tid);
  if (found == waiting_.end()) return {};
  auto& lines = found->second;
  std::optional<StraceMatch> match;
  for (size_t i = 0; i < lines.size() && !match; ++i) {
    match = apply_strace_line(lines[i], event);
    if (!match) continue;
    // What came before was of calls whose points did not come; or the beginning of a call.
    for (size_t n = 0; n <= i; ++n) {
      waiting_bytes_ -= lines.front().text.size();
      lines.pop_front();
    }
    counts_.left_over += i;
    ++counts_.matched;
    counts_.ambiguous += match->ambiguous;
  }
  if (lines.empty()) waiting_.erase(found);
  return match;
}

}  // namespace assay
