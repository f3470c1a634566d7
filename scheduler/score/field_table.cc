// Which category has which fields: what a rule may ask of a record and can hope to be answered.
#include <array>
#include <bitset>
#include <initializer_list>

#include "scheduler/score/fields.h"

namespace assay {
namespace {

using enum Field;
using Fields = std::bitset<kFieldCount>;

struct Row {
  Category category;
  bool process;  // has the process fields as well
  std::initializer_list<Field> fields;
};

constexpr std::initializer_list<Field> kProcess = {
    Image,      CommandLine, CurrentDirectory,  User,       ProcessId,       Hashes,       sha256,
    Origin,     ParentImage, ParentCommandLine, ParentUser, ParentProcessId, ParentOrigin, Ancestors,
    RootImage,  RootPackage, Provoked,          Package,    PackageState,    Layer,        ByPackageManager,
    ScriptPath, Interpreter};

constexpr std::initializer_list<Field> kCall = {Call, Path, Path2, Arg0,   Arg1,  Arg2,         Arg3,
                                                Arg4, Arg5, Data,  Result, Plane, SleepSeconds, Kind};

constexpr std::initializer_list<Field> kLeft = {TargetFilename, TargetName, Origin,  FileType,
                                                Mode,           Setuid,     Size,    FileWriter,
                                                Hashes,         Image,      Package, ByPackageManager};

const Row kRows[] = {
    {Category::process_creation,
     true,
     {Environment, Siblings, FileWriter, FileWriterConnected, Script, ScriptOrigin, ScriptWriter,
      ScriptWriterConnected, PipedFrom, PipedFromConnected, PipedTo}},
    {Category::file_event,
     true,
     {TargetFilename, TargetName, SourceFilename, Flags, Write, Created, Succeeded, Call, FileWriter,
      FileType, Mode, Size, Setuid, Planted, Kind}},
    {Category::file_access,
     true,
     {Kind, TargetFilename, TargetName, Write, Created, Succeeded, Flags, Call, FileWriter, Planted}},
    {Category::file_change, true, {TargetFilename, TargetName, Call, Mode, Setuid, FileWriter}},
    {Category::file_delete, true, {TargetFilename, TargetName, Call, FileWriter}},
    {Category::file_rename, true, {SourceFilename, TargetFilename, TargetName, Call, FileWriter}},
    {Category::network_connection,
     true,
     {Initiated, Succeeded, Protocol, DestinationIp, DestinationPort, DestinationHostname, SourceIp,
      SourcePort}},
    {Category::dns_query,
     true,
     {QueryName, QueryType, QueryResults, QueryStatus, LabelLength, LabelEntropy, QueryDomain}},
    {Category::proxy,
     true,
     {cs_method, cs_host, c_uri, App, Data, Protocol, DestinationIp, DestinationPort, DestinationHostname}},
    {Category::payload,
     false,
     {Direction, Data, App, Protocol, DestinationIp, DestinationPort, DestinationHostname}},
    {Category::flow,
     false,
     {Direction, Initiated, BytesOut, BytesIn, DurationSeconds, Protocol, DestinationIp, DestinationPort,
      DestinationHostname, SourceIp, SourcePort}},
    {Category::tls, false, {HostName, Protocol, DestinationIp, DestinationPort, DestinationHostname}},
    {Category::host_name, false, {HostName, Via}},
    {Category::unix_socket, true, {TargetFilename, Initiated, Succeeded}},
    {Category::network_listen, true, {Protocol, SourceIp, SourcePort}},
    {Category::socket, true, {Family, Type, Protocol}},
    {Category::stdio_socket,
     true,
     {Initiated, Protocol, DestinationIp, DestinationPort, DestinationHostname, Call}},
    {Category::setid, true, {Call, Arg0, Succeeded}},
    {Category::output, false, {Data}},
    {Category::usage, false, {CpuPercent}},
    {Category::run,
     false,
     {CpuPercent, CpuSeconds, BusySeconds, MemoryMiB, DurationSeconds, ExitStatus, EndReason, Limit}},
    {Category::canary, true, {Action, Url, FileType, FetcherImage, FetcherCommandLine, TargetFilename}},
    {Category::honeytoken,
     true,
     {Action, Kind, Place, Protocol, App, DestinationIp, DestinationPort, DestinationHostname, Data,
      Encoding}},
    {Category::guard, false, {Kind, Call, Part, Path, Image, Data}},
    {Category::refused, true, {Reason, Protocol, DestinationIp, DestinationPort, DestinationHostname}},
    {Category::yara,
     true,
     {TargetFilename, TargetName, Namespace, Rule, FileType, Mime, Similarity, Size, Executed, FileWriter}},
    {Category::beacon,
     true,
     {Count, IntervalSeconds, JitterPercent, Protocol, DestinationIp, DestinationPort, DestinationHostname}},
    {Category::change, false, {Change, Subject, Relation, Since, Image, Layer, Package, PackageState}},
    {Category::stdio_pipe, true, {PipedFrom, PipedFromConnected, PipedTo}},
    {Category::auditd, false, {type, name, nametype, SYSCALL, exe, comm, key, euid, auid, success, exit,
                               cwd,  pid,  ppid,     argc,    a0,  a1,   a2,  a3,   a4,   a5,      a6,
                               a7,   a8,   a9,       a10,     a11, a12,  a13, a14,  a15}},
    {Category::log, false, {Data}},
    {Category::image, false, {User, CommandLine, Environment, ExposedPort, History}},
    {Category::memory, true, {Protection, Size}},
    {Category::evasion,
     true,
     {TargetFilename, TargetName, FileWriter, Write, Created, Succeeded, Flags, Planted}},
    {Category::persistence_check,
     true,
     {Area, SourceFilename, Write, Created, Succeeded, Flags, Call, Kind, Planted}},
};

Fields set_of(std::initializer_list<Field> list) {
  Fields out;
  for (Field field : list) out.set(static_cast<size_t>(field));
  return out;
}

std::array<Fields, kCategoryCount> make_table() {
  std::array<Fields, kCategoryCount> out;
  auto of = [&](Category category) -> Fields& { return out[static_cast<size_t>(category)]; };
  for (const Row& row : kRows)
    of(row.category) = set_of(row.fields) | (row.process ? set_of(kProcess) : Fields());
  for (Category category :
       {Category::syscall, Category::container_escape, Category::memory, Category::evasion})
    of(category) |= set_of(kCall) | set_of(kProcess);
  for (Category category : {Category::file_left, Category::file_event, Category::persistence_check})
    of(category) |= set_of(kLeft);
  return out;
}

}  // namespace

bool has_field(Category category, Field field) {
  static const std::array<Fields, kCategoryCount> kTable = make_table();
  return kTable[static_cast<size_t>(category)].test(static_cast<size_t>(field));
}

}  // namespace assay
