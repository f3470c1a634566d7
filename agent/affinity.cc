// One key a line, in hex.
#include "agent/affinity.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <sstream>

#include "common/fd.h"
#include "common/wire.h"

namespace assay {
namespace {

constexpr size_t kMaxFileBytes = 64 * 1024;

}  // namespace

AffinityList AffinityList::load(std::filesystem::path file) {
  AffinityList list(std::move(file));
  auto text = read_file(list.file_, kMaxFileBytes);
  std::stringstream lines(text ? *text : "");
  for (std::string line; std::getline(lines, line) && list.keys_.size() < wire::kMaxCached;) {
    uint64_t key = 0;
    auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), key, 16);
    if (error == std::errc() && end == line.data() + line.size() && key != 0 &&
        std::find(list.keys_.begin(), list.keys_.end(), key) == list.keys_.end())
      list.keys_.push_back(key);
  }
  return list;
}

Status AffinityList::use(uint64_t key) {
  if (key == 0 || (!keys_.empty() && keys_.back() == key)) return Status();
  std::erase(keys_, key);
  keys_.push_back(key);
  if (keys_.size() > wire::kMaxCached) keys_.erase(keys_.begin());
  std::stringstream text;
  for (uint64_t each : keys_) text << std::hex << each << "\n";
  std::string temporary = file_.string() + ".new";
  ASSAY_CHECK(write_file(temporary, text.str(), 0600));
  if (::rename(temporary.c_str(), file_.c_str()) != 0) return errno_error("rename to " + file_.string());
  return Status();
}

}  // namespace assay
