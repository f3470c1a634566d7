// Record: what a rule sees of one event: a category (Sigma's logsource) and named fields. docs/rules.md lists
// which category has which. Built by observe.cc, read by match.cc. Values are borrowed from the event and the
// process tree; a record lives for one evaluation.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

/// Sigma's categories as far as a container can show them, then ours.
enum class Category : uint8_t {
  process_creation,
  file_event,
  file_access,
  file_change,
  file_delete,
  file_rename,
  network_connection,
  dns_query,
  proxy,
  syscall,
  payload,
  flow,
  tls,
  host_name,
  unix_socket,
  network_listen,
  socket,
  stdio_socket,
  setid,
  output,
  file_left,
  usage,
  run,
  canary,
  honeytoken,
  guard,
  refused,
  yara,
  count_
};
inline constexpr size_t kCategoryCount = static_cast<size_t>(Category::count_);
const char* to_string(Category category);
/// Nothing for a category that no event of ours can have.
std::optional<Category> category_of(std::string_view name);

// The fields, once: the enumerator is the name in rules, but for those with a dash (see kFieldNames in
// record.cc).
#define ASSAY_FIELDS(X)                                                                                    \
  X(Image)                                                                                                 \
  X(CommandLine)                                                                                           \
  X(ParentImage)                                                                                           \
  X(ParentCommandLine)                                                                                     \
  X(CurrentDirectory)                                                                                      \
  X(User)                                                                                                  \
  X(ProcessId)                                                                                             \
  X(ParentProcessId)                                                                                       \
  X(Ancestors)                                                                                             \
  X(Siblings)                                                                                              \
  X(Origin)                                                                                                \
  X(ParentOrigin)                                                                                          \
  X(Hashes)                                                                                                \
  X(FileWriter)                                                                                            \
  X(FileWriterConnected)                                                                                   \
  X(Script)                                                                                                \
  X(ScriptOrigin)                                                                                          \
  X(ScriptWriter)                                                                                          \
  X(ScriptWriterConnected)                                                                                 \
  X(Environment)                                                                                           \
  X(TargetFilename)                                                                                        \
  X(TargetName)                                                                                            \
  X(SourceFilename)                                                                                        \
  X(Flags)                                                                                                 \
  X(Write) X(Created) X(Succeeded) X(DestinationIp) X(DestinationPort) X(DestinationHostname) X(SourceIp)  \
      X(SourcePort) X(Protocol) X(Initiated) X(QueryName) X(QueryType) X(QueryResults) X(Call) X(Path)     \
          X(Path2) X(Arg0) X(Arg1) X(Arg2) X(Arg3) X(Arg4) X(Arg5) X(Data) X(Result) X(Plane) X(Direction) \
              X(BytesOut) X(BytesIn) X(HostName) X(Via) X(Family) X(Type) X(FileType) X(Mode) X(Setuid)    \
                  X(Size) X(CpuPercent) X(CpuSeconds) X(DurationSeconds) X(BusySeconds) X(ExitStatus)      \
                      X(EndReason) X(c_uri) X(cs_host) X(cs_method) X(Action) X(Url) X(FetcherImage)       \
                          X(FetcherCommandLine) X(Kind) X(Place) X(Encoding) X(App) X(Planted) X(Provoked) \
                              X(QueryStatus) X(Part) X(Reason) X(Mime) X(Similarity) X(Rule) X(Namespace)  \
                                  X(SleepSeconds) X(Executed) X(Limit)

enum class Field : uint8_t {
#define ASSAY_FIELD(name) name,
  ASSAY_FIELDS(ASSAY_FIELD)
#undef ASSAY_FIELD
      count_
};
inline constexpr size_t kFieldCount = static_cast<size_t>(Field::count_);
std::string_view field_name(Field field);
/// Nothing for a field that we never fill: a rule may name it, and it counts as missing.
std::optional<Field> field_of(std::string_view name);

class Record {
 public:
  struct Entry {
    Field field;
    std::string_view value;
    mutable std::string lower;
    mutable bool lowered = false;
    const std::string& folded() const;  // ASCII lower case, made once
  };

  explicit Record(Category category) : category_(category) { first_.fill(kNone); }
  Category category() const { return category_; }

  /// `value` must outlive the record. An empty value is left out, as in Sigma's logs.
  void borrow(Field field, std::string_view value);
  void own(Field field, std::string value);
  void own(Field field, uint64_t value) { own(field, std::to_string(value)); }
  void own(Field field, bool value) { borrow(field, value ? "true" : "false"); }

  bool has(Field field) const { return first_[static_cast<size_t>(field)] != kNone; }
  /// The first value of the field, or empty.
  std::string_view get(Field field) const;
  const std::vector<Entry>& entries() const { return entries_; }
  /// What evidence says of it, where that is more than the event's own text; fit to be shown.
  std::string evidence;
  /// Calls visit(entry) for each value of the field until it returns true; says whether one did.
  template <class Visit>
  bool any(Field field, Visit&& visit) const {
    auto index = first_[static_cast<size_t>(field)];
    if (index == kNone) return false;
    for (size_t i = index; i < entries_.size(); ++i)
      if (entries_[i].field == field && visit(entries_[i])) return true;
    return false;
  }

 private:
  static constexpr uint16_t kNone = UINT16_MAX;
  static constexpr size_t kMaxEntries = 256;
  Category category_;
  std::array<uint16_t, kFieldCount> first_;
  std::vector<Entry> entries_;
  std::deque<std::string> owned_;
};

}  // namespace assay
