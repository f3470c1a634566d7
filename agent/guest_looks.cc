// The files, by the kernel's Documentation/ABI (sysfs-devices-system-cpu, sysfs-class-net, sysfs-class-dmi).
#include "agent/guest_looks.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "agent/lure/places.h"
#include "common/digest.h"
#include "common/fd.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDevices = "/sys/devices/system";
constexpr const char* kClass = "/sys/class";
constexpr unsigned kMaxProcessors = 1024;

// "00000000,00000003": groups of 32 processors, the highest first.
std::string cpu_mask(unsigned first, unsigned count, unsigned all) {
  std::string out;
  for (unsigned group = (all + 31) / 32; group-- > 0;) {
    uint32_t bits = 0;
    for (unsigned bit = 0; bit < 32; ++bit) {
      unsigned cpu = group * 32 + bit;
      if (cpu >= first && cpu < first + count) bits |= 1u << bit;
    }
    char text[16];
    std::snprintf(text, sizeof text, "%08x", bits);
    out += (out.empty() ? "" : ",") + std::string(text);
  }
  return out;
}

std::string cpu_list(unsigned first, unsigned count) {
  std::string text = std::to_string(first);
  return count > 1 ? text + "-" + std::to_string(first + count - 1) : text;
}

struct Entry {
  std::string path, content;
  mode_t mode = 0444;
};

struct Cache {
  unsigned level;
  const char *type, *size;
  unsigned sets, ways;
  bool shared;  // by all processors
};
constexpr Cache kCaches[] = {{1, "Data", "48K", 64, 12, false},
                             {1, "Instruction", "32K", 64, 8, false},
                             {2, "Unified", "2048K", 2048, 16, false},
                             {3, "Unified", "33792K", 49152, 11, true}};

class Files {
 public:
  explicit Files(const GuestMachine& machine) : m_(machine) {}
  std::vector<Entry> all() {
    processors();
    memory();
    firmware();
    network();
    return std::move(out_);
  }

 private:
  void add(const std::string& path, const std::string& content, mode_t mode = 0444) {
    out_.push_back({path, content + "\n", mode});
  }
  void processors();
  void processor(unsigned cpu);
  void memory();
  void firmware();
  void network();
  void interface(const std::string& name, const std::string& mac, const char* type, const char* mtu,
                 int index);

  const GuestMachine& m_;
  std::vector<Entry> out_;
};

void Files::processors() {
  const std::string dir = "system/cpu/", all = cpu_list(0, m_.processors);
  for (const char* name : {"online", "possible", "present"}) add(dir + name, all);
  add(dir + "offline", "");
  add(dir + "isolated", "");
  add(dir + "kernel_max", "8191");
  add(dir + "modalias", m_.amd ? "cpu:type:x86,ven0002fam0019mod0001:feature:,0000"
                               : "cpu:type:x86,ven0000fam0006mod008F:feature:,0000");
  for (unsigned cpu = 0; cpu < m_.processors; ++cpu) processor(cpu);
  add("system/clocksource/clocksource0/current_clocksource", "tsc");
  add("system/clocksource/clocksource0/available_clocksource", "tsc hpet acpi_pm");
}

// As gVisor's /proc/cpuinfo has it: one package, each processor a core of its own.
void Files::processor(unsigned cpu) {
  const std::string dir = "system/cpu/cpu" + std::to_string(cpu) + "/";
  const std::string own_mask = cpu_mask(cpu, 1, m_.processors), own_list = cpu_list(cpu, 1);
  const std::string all_mask = cpu_mask(0, m_.processors, m_.processors),
                    all_list = cpu_list(0, m_.processors);
  if (cpu > 0) add(dir + "online", "1");
  add(dir + "topology/core_id", std::to_string(cpu));
  add(dir + "topology/physical_package_id", "0");
  add(dir + "topology/die_id", "0");
  for (const char* name : {"core_cpus", "thread_siblings"}) {
    add(dir + "topology/" + name, own_mask);
    add(dir + "topology/" + name + "_list", own_list);
  }
  for (const char* name : {"package_cpus", "core_siblings", "die_cpus"}) {
    add(dir + "topology/" + name, all_mask);
    add(dir + "topology/" + name + "_list", all_list);
  }
  for (size_t i = 0; i < std::size(kCaches); ++i) {
    const Cache& cache = kCaches[i];
    const std::string at = dir + "cache/index" + std::to_string(i) + "/";
    add(at + "level", std::to_string(cache.level));
    add(at + "type", cache.type);
    add(at + "size", cache.size);
    add(at + "number_of_sets", std::to_string(cache.sets));
    add(at + "ways_of_associativity", std::to_string(cache.ways));
    add(at + "coherency_line_size", "64");
    add(at + "physical_line_partition", "1");
    add(at + "id", cache.shared ? "0" : std::to_string(cpu));
    add(at + "shared_cpu_map", cache.shared ? all_mask : own_mask);
    add(at + "shared_cpu_list", cache.shared ? all_list : own_list);
  }
}

void Files::memory() {
  add("system/memory/block_size_bytes", "8000000");
  add("system/memory/auto_online_blocks", "online");
  const std::string dir = "system/node/", kib = std::to_string(m_.memory_bytes / 1024);
  for (const char* name : {"online", "possible", "has_cpu", "has_memory", "has_normal_memory"})
    add(dir + name, "0");
  add(dir + "node0/cpulist", cpu_list(0, m_.processors));
  add(dir + "node0/cpumap", cpu_mask(0, m_.processors, m_.processors));
  add(dir + "node0/distance", "10");
  add(dir + "node0/meminfo", "Node 0 MemTotal:       " + kib + " kB\nNode 0 MemFree:        " + kib +
                                 " kB\nNode 0 MemUsed:              0 kB\nNode 0 HugePages_Total:     0\n"
                                 "Node 0 HugePages_Free:      0\nNode 0 HugePages_Surp:      0");
}

struct Board {
  const char *vendor, *product, *version, *board_vendor, *board, *bios_vendor, *bios, *date, *chassis;
};
constexpr Board kServerIntel = {"Dell Inc.", "PowerEdge R650", "",           "Dell Inc.", "0PYXKY",
                                "Dell Inc.", "1.15.2",         "06/18/2024", "23"};
constexpr Board kServerAmd = {"Dell Inc.", "PowerEdge R6525", "",           "Dell Inc.", "0N7YGH",
                              "Dell Inc.", "2.16.2",          "07/10/2024", "23"};
constexpr Board kAmazonIntel = {"Amazon EC2", "m7i.xlarge", "",           "Amazon EC2", "Not Specified",
                                "Amazon EC2", "1.0",        "10/16/2017", "1"};
constexpr Board kAmazonAmd = {"Amazon EC2", "m7a.xlarge", "",           "Amazon EC2", "Not Specified",
                              "Amazon EC2", "1.0",        "10/16/2017", "1"};
constexpr Board kAzure = {"Microsoft Corporation",     "Virtual Machine", "Hyper-V UEFI Release v4.1",
                          "Microsoft Corporation",     "Virtual Machine", "Microsoft Corporation",
                          "Hyper-V UEFI Release v4.1", "05/13/2024",      "3"};

const Board& board_of(const GuestMachine& machine) {
  switch (machine.persona) {
    case Persona::ci:  // hosted runners
      return kAzure;
    case Persona::cloud:
    case Persona::kubernetes:
      return machine.amd ? kAmazonAmd : kAmazonIntel;
    case Persona::bare:
      break;
  }
  return machine.amd ? kServerAmd : kServerIntel;
}

void Files::firmware() {
  const std::string dir = "class/dmi/id/";
  const Board& board = board_of(m_);
  std::string hex = Digest::of("machine " + m_.seed).hex();
  bool amazon = board.vendor == kAmazonIntel.vendor;
  std::string uuid = (amazon ? "ec2" + hex.substr(0, 5) : hex.substr(0, 8)) + "-" + hex.substr(8, 4) + "-4" +
                     hex.substr(12, 3) + "-a" + hex.substr(15, 3) + "-" + hex.substr(18, 12);
  add(dir + "sys_vendor", board.vendor);
  add(dir + "product_name", board.product);
  add(dir + "product_version", board.version);
  add(dir + "board_vendor", board.board_vendor);
  add(dir + "board_name", board.board);
  add(dir + "bios_vendor", board.bios_vendor);
  add(dir + "bios_version", board.bios);
  add(dir + "bios_date", board.date);
  add(dir + "chassis_vendor", board.vendor);
  add(dir + "chassis_type", board.chassis);
  if (amazon) add(dir + "board_asset_tag", "i-0" + hex.substr(30, 16));
  add(dir + "product_uuid", uuid, 0400);
  add(dir + "product_serial", amazon ? uuid : hex.substr(46, 7), 0400);
}

void Files::interface(const std::string& name, const std::string& mac, const char* type, const char* mtu,
                      int index) {
  const std::string dir = "class/net/" + name + "/";
  add(dir + "address", mac);
  add(dir + "addr_len", "6");
  add(dir + "broadcast", index == 1 ? mac : "ff:ff:ff:ff:ff:ff");
  add(dir + "type", type);
  add(dir + "mtu", mtu);
  add(dir + "ifindex", std::to_string(index));
  add(dir + "iflink", std::to_string(index));
  add(dir + "flags", index == 1 ? "0x9" : "0x1003");
  add(dir + "operstate", index == 1 ? "unknown" : "up");
  add(dir + "carrier", "1");
  add(dir + "dormant", "0");
  add(dir + "tx_queue_len", "1000");
  if (index > 1) add(dir + "speed", "10000");
  if (index > 1) add(dir + "duplex", "full");
}

void Files::network() {
  interface("lo", "00:00:00:00:00:00", "772", "65536", 1);
  if (!m_.mac.empty()) interface("eth0", m_.mac, "1", "1500", 2);
}

// Followed on the host: no part of it may be a link, or anything else than a directory.
bool has_place(const fs::path& rootfs, const std::string& place) {
  fs::path at = rootfs;
  std::error_code error;
  for (const fs::path& part : fs::path(place).relative_path()) {
    at /= part;
    if (fs::symlink_status(at, error).type() != fs::file_type::directory) return false;
  }
  return true;
}

}  // namespace

GuestMachine host_machine() {
  GuestMachine out;
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) out.processors = static_cast<unsigned>(CPU_COUNT(&set));
  out.processors = std::clamp(out.processors, 1u, kMaxProcessors);
  out.memory_bytes =
      static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  auto info = read_file("/proc/cpuinfo", 1 << 22);
  out.amd = info && info->find("AuthenticAMD") != std::string::npos;
  return out;
}

Result<std::vector<LooksMount>> write_guest_looks(const fs::path& dir, const fs::path& rootfs,
                                                  const GuestMachine& machine) {
  std::error_code error;
  for (const char* empty : {"system", "class/power_supply", "class/block"}) {
    fs::create_directories(dir / empty, error);
    if (error) return Error{Errc::io, "make " + (dir / empty).string() + ": " + error.message()};
  }
  for (const Entry& file : Files(machine).all()) {
    fs::path path = dir / file.path;
    fs::create_directories(path.parent_path(), error);
    if (error) return Error{Errc::io, "make " + path.parent_path().string() + ": " + error.message()};
    ASSAY_CHECK(write_file(path, file.content, file.mode));
    if (::chmod(path.c_str(), file.mode) != 0) return errno_error("chmod " + path.string());
  }
  // The guest's users reach them by the mode of these directories, not of ours.
  for (auto it = fs::recursive_directory_iterator(dir, error);
       !error && it != fs::recursive_directory_iterator(); ++it)
    if (it->is_directory()) fs::permissions(it->path(), fs::perms(0755), error);
  std::vector<LooksMount> out;
  if (has_place(rootfs, kDevices)) out.emplace_back(dir / "system", kDevices);
  if (has_place(rootfs, kClass)) out.emplace_back(dir / "class", kClass);
  return out;
}

std::vector<std::string> guest_looks_places() {
  return {std::string(kDevices) + "/", std::string(kClass) + "/"};
}

std::string resolver_lines(Persona persona, const std::vector<std::string>& env) {
  if (persona == Persona::kubernetes) {
    const std::string space = lure::kNamespace;
    return "search " + space + ".svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n";
  }
  if (persona != Persona::cloud) return "";  // as docker copies it from its host
  constexpr std::string_view kRegion = "AWS_REGION=";
  for (const std::string& setting : env)
    if (setting.starts_with(kRegion)) {
      std::string region = setting.substr(kRegion.size());
      return "search " + (region == "us-east-1" ? "ec2" : region + ".compute") + ".internal\n";
    }
  return "";
}

}  // namespace assay
