// fields: the categories of records (Sigma's logsource) and the names of their fields, as rules write them.
// docs/rules.md lists which category has which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

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
  auditd,
  log,
  image,
  container_escape,
  memory,
  evasion,
  persistence_check,
  stdio_pipe,
  beacon,
  change,
  count_
};
inline constexpr size_t kCategoryCount = static_cast<size_t>(Category::count_);
const char* to_string(Category category);
/// Nothing for a category that no event of ours can have.
std::optional<Category> category_of(std::string_view name);

// The fields, once: the enumerator is the name in rules, but for those with a dash (see shown() in
// fields.cc).
// clang-format off
#define ASSAY_FIELDS(X)                                                                                    \
  X(Image) X(CommandLine) X(ParentImage) X(ParentCommandLine) X(CurrentDirectory) X(User) X(ProcessId)     \
  X(ParentProcessId) X(Ancestors) X(Siblings) X(Origin) X(ParentOrigin) X(Hashes) X(FileWriter)            \
  X(FileWriterConnected) X(Script) X(ScriptOrigin) X(ScriptWriter) X(ScriptWriterConnected) X(Environment) \
  X(TargetFilename) X(TargetName) X(SourceFilename) X(Flags) X(Write) X(Created) X(Succeeded)              \
  X(DestinationIp) X(DestinationPort) X(DestinationHostname) X(SourceIp) X(SourcePort) X(Protocol)         \
  X(Initiated) X(QueryName) X(QueryType) X(QueryResults) X(Call) X(Path) X(Path2) X(Arg0) X(Arg1) X(Arg2)  \
  X(Arg3) X(Arg4) X(Arg5) X(Data) X(Result) X(Plane) X(Direction) X(BytesOut) X(BytesIn) X(HostName)       \
  X(Via) X(Family) X(Type) X(FileType) X(Mode) X(Setuid) X(Size) X(CpuPercent) X(CpuSeconds)               \
  X(DurationSeconds) X(BusySeconds) X(ExitStatus) X(EndReason) X(c_uri) X(cs_host) X(cs_method) X(Action)  \
  X(Url) X(FetcherImage) X(FetcherCommandLine) X(Kind) X(Place) X(Encoding) X(App) X(Planted) X(Provoked)  \
  X(QueryStatus) X(Part) X(Reason) X(Mime) X(Similarity) X(Rule) X(Namespace) X(SleepSeconds) X(Executed)  \
  X(Limit) X(Package) X(PackageState) X(Layer) X(PipedFrom) X(PipedFromConnected) X(PipedTo) X(RootImage) X(ScriptPath)    \
  X(Interpreter) X(ByPackageManager) X(ParentUser) X(Protection) X(Area) X(ExposedPort) X(History) X(type) \
  X(name) X(nametype) X(SYSCALL) X(exe) X(comm) X(key) X(euid) X(auid) X(success) X(exit) X(cwd)    \
  X(pid) X(ppid) X(argc) X(a0) X(a1) X(a2) X(a3) X(a4) X(a5) X(a6) X(a7) X(a8) X(a9) X(a10) X(a11) X(a12)  \
  X(a13) X(a14) X(a15) X(sha256) X(Count) X(IntervalSeconds) X(JitterPercent) X(LabelLength)              \
  X(LabelEntropy) X(QueryDomain) X(MemoryMiB) X(RootPackage) X(Change) X(Subject) X(Relation) X(Since)
// clang-format on

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
/// Whether a record of the category can have the field (docs/rules.md's table).
bool has_field(Category category, Field field);

}  // namespace assay
