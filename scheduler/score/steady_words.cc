// By the look of a word alone: hexadecimal digits, UUIDs, long mixtures of letters and digits, mktemp(3)'s
// names.
#include "scheduler/score/steady_words.h"

#include <algorithm>
#include <charconv>

namespace assay {
namespace {

constexpr uint32_t kFirstHighPort = 32768;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

template <class Rule>
size_t count(std::string_view text, Rule rule) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), rule));
}

// Too odd to have been chosen by a person: "3f9c2a7b1e", "1796000000",
// "550e8400-e29b-41d4-a716-446655440000".
bool looks_drawn(std::string_view word) {
  size_t digits = count(word, is_digit), letters = count(word, is_upper) + count(word, is_lower);
  if (word.size() >= 6 && digits == word.size()) return true;
  if (word.size() >= 8 && digits >= 2 && letters > 0 && count(word, is_hex) == word.size()) return true;
  bool uuid = word.size() == 36 && count(word, is_hex) == 32 && word[8] == '-' && word[23] == '-';
  bool mixture = word.size() >= 16 && digits >= 4 && digits + letters == word.size();
  return uuid || mixture || (word.size() >= 32 && digits + letters == word.size());
}

// A label of a name that carries data: base32, which has few digits.
bool looks_encoded(std::string_view label) {
  return label.size() >= 20 && count(label, is_digit) > 0 &&
         count(label, is_digit) + count(label, is_upper) + count(label, is_lower) == label.size();
}

// "tmp.aB3xYz", "tmpk3x_9q2a", "app.Xy12Zq", "app.4711": as mktemp(1), Python, templates and scripts (by
// their pid) name files.
std::string steady_temporary(const std::string& part) {
  if (part.starts_with("tmp") && part.size() >= 9) return "tmp*";
  size_t mark = part.find_last_of(".-_");
  bool marked = mark != std::string::npos && mark > 0;
  if (marked && part.size() - mark > 2 && part.find_first_not_of("0123456789", mark + 1) == std::string::npos)
    return part.substr(0, mark + 1) + "*";
  if (mark == std::string::npos) mark = 0;
  std::string_view tail = std::string_view(part).substr(mark == 0 && !part.starts_with('.') ? 0 : mark + 1);
  size_t kinds = (count(tail, is_digit) > 0) + (count(tail, is_upper) > 0) + (count(tail, is_lower) > 0);
  bool drawn = tail.size() >= 6 && tail.size() <= 12 && kinds >= 2 &&
               count(tail, is_digit) + count(tail, is_upper) + count(tail, is_lower) == tail.size() &&
               count(tail, is_digit) + count(tail, is_upper) >= 2;
  return drawn ? part.substr(0, part.size() - tail.size()) + "*" : part;
}

template <class Steady>
std::string each_part(const std::string& text, char separator, Steady steady) {
  std::string out;
  for (size_t begin = 0;;) {
    size_t end = std::min(text.find(separator, begin), text.size());
    out += steady(text.substr(begin, end - begin));
    if (end == text.size()) return out;
    out += separator;
    begin = end + 1;
  }
}

}  // namespace

bool is_made_up(const std::string& addr) {
  return addr.starts_with("198.18.") || addr.starts_with("198.19.") || addr.starts_with("2001:2::");
}

std::string steady_port(const std::string& proto, uint32_t port) {
  return proto + "/" + (port >= kFirstHighPort ? "high" : std::to_string(port));
}

std::string steady_port(const std::string& listening) {
  size_t slash = listening.find('/');
  if (slash == std::string::npos) return listening;
  uint32_t port = 0;
  const char* end = listening.data() + listening.size();
  auto read = std::from_chars(listening.data() + slash + 1, end, port);
  return read.ec == std::errc() && read.ptr == end ? steady_port(listening.substr(0, slash), port)
                                                   : listening;
}

std::string steady_name(const std::string& name) {
  std::string out = each_part(name, '.', [](const std::string& part) {
    return looks_drawn(part) || looks_encoded(part) ? std::string("*") : part;
  });
  constexpr std::string_view kInternal = ".internal";
  if (!out.ends_with(kInternal)) return out;
  size_t end = out.size() - kInternal.size();
  size_t begin = out.rfind('.', end - 1);
  begin = begin == std::string::npos ? 0 : begin + 1;
  std::string company = out.substr(begin, end - begin);
  for (std::string_view known : {"google", "ec2", "docker", "compute"})
    if (company == known) return out;
  return out.substr(0, begin) + "*" + std::string(kInternal);
}

std::string steady_path(const std::string& path) {
  bool temporary = false;
  for (std::string_view dir : {"/tmp/", "/var/tmp/", "/dev/shm/", "/run/", "/var/run/"})
    temporary = temporary || path.starts_with(dir);
  bool proc = path.starts_with("/proc/");
  return each_part(path, '/', [&](const std::string& part) {
    bool pid = proc && !part.empty() && count(part, is_digit) == part.size();
    if (pid || looks_drawn(part)) return std::string("*");
    return temporary ? steady_temporary(part) : part;
  });
}

}  // namespace assay
