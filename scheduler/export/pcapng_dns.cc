// Labels, types, records.
#include "scheduler/export/pcapng_dns.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "common/addresses.h"

namespace assay::pcapng {
namespace {

struct NamedType {
  std::string_view name;
  uint16_t number;
};
// As agent/trace/flow_parse.cc names them.
constexpr NamedType kTypes[] = {{"A", 1},      {"NS", 2},    {"CNAME", 5},   {"SOA", 6},   {"NULL", 10},
                                {"PTR", 12},   {"MX", 15},   {"TXT", 16},    {"AAAA", 28}, {"SRV", 33},
                                {"NAPTR", 35}, {"DS", 43},   {"DNSKEY", 48}, {"SVCB", 64}, {"HTTPS", 65},
                                {"AXFR", 252}, {"ANY", 255}, {"CAA", 257}};
constexpr size_t kMaxMessage = 4096;
constexpr uint16_t kIn = 1;

void put16(std::string& out, uint32_t value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

std::optional<uint16_t> type_number(std::string_view name) {
  for (const NamedType& type : kTypes)
    if (type.name == name) return type.number;
  if (!name.starts_with("TYPE")) return {};
  name.remove_prefix(4);
  uint16_t number = 0;
  auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (wrong != std::errc() || end != name.data() + name.size()) return {};
  return number;
}

std::optional<std::string> name_bytes(std::string_view name) {
  std::string out;
  if (name.ends_with('.')) name.remove_suffix(1);
  while (!name.empty()) {
    auto label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > 63) return {};
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  if (out.size() > 254) return {};
  return out + '\0';
}

struct Record {
  uint16_t type = 0;
  std::string data;
  bool alias = false;
};

std::string text_data(std::string_view text) {
  std::string out;
  do {
    auto part = text.substr(0, 255);
    out += static_cast<char>(part.size());
    out += part;
    text.remove_prefix(part.size());
  } while (!text.empty());
  return out;
}

// What a record must have been for its data to be told as `text`.
std::optional<Record> record_of(const std::string& text, uint16_t asked) {
  if (auto address = IpAddress::parse(text))
    return Record{static_cast<uint16_t>(address->v6 ? 28 : 1), address->raw()};
  if (asked == 16) return Record{16, text_data(text)};
  auto name = name_bytes(text);
  if (!name || name->size() < 2) return {};
  switch (asked) {
    case 1:
    case 28:
    case 5:
      return Record{5, *name, true};
    case 2:
    case 12:
      return Record{asked, *name};
    case 15:
      return Record{15, std::string("\0\x0a", 2) + *name};
    case 33:
      return Record{33, std::string(6, '\0') + *name};
    default:
      return {};
  }
}

uint16_t id_of(std::string_view name, uint16_t type) {
  uint32_t hash = 2166136261u ^ type;  // FNV-1a
  for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return static_cast<uint16_t>(hash ^ hash >> 16);
}

}  // namespace

std::optional<DnsBytes> dns_message(const Event& event) {
  auto type = type_number(event.query_type);
  auto name = name_bytes(event.name);
  if (!type || !name) return {};
  bool response = event.call == "response";
  DnsBytes out;
  std::string answers, owner("\xc0\x0c", 2);  // a pointer to the question's name
  uint16_t count = 0;
  for (const std::string& text : event.answers) {
    auto record = record_of(text, *type);
    if (!record || 512 + answers.size() + record->data.size() > kMaxMessage) {
      ++out.answers_left_out;
      continue;
    }
    answers += owner;
    put16(answers, record->type);
    put16(answers, kIn);
    answers.append(4, '\0');
    put16(answers, static_cast<uint32_t>(record->data.size()));
    answers += record->data;
    if (record->alias) owner = record->data;
    ++count;
  }
  put16(out.bytes, id_of(event.name, *type));
  put16(out.bytes, response ? 0x8180u | (static_cast<uint32_t>(event.result) & 15) : 0x0100u);
  put16(out.bytes, 1);
  put16(out.bytes, response ? count : 0);
  out.bytes.append(4, '\0');
  out.bytes += *name;
  put16(out.bytes, *type);
  put16(out.bytes, kIn);
  if (response) out.bytes += answers;
  return out;
}

}  // namespace assay::pcapng
