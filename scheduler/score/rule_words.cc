// Words for categories, modifiers, selections and correlations.
#include "scheduler/score/rule_words.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "common/words.h"
#include "scheduler/score/text_layout.h"

namespace assay {
namespace {

struct Word {
  std::string_view name, words;
};

constexpr Word kCategories[] = {
    {"process_creation", "a program was executed"},
    {"file_event", "a file was opened for writing, renamed, linked to or left behind"},
    {"file_access", "a file was opened, or tried to be"},
    {"file_change", "owner, mode, size or times of a file were changed"},
    {"file_delete", "a file or directory was deleted"},
    {"file_rename", "a file was renamed"},
    {"file_left", "a file that the run left behind"},
    {"network_connection", "a connection was made or accepted, or tried"},
    {"network_listen", "a port was bound"},
    {"unix_socket", "a connection to a Unix socket"},
    {"stdio_pipe", "a program reads from a pipe that others write into"},
    {"socket", "a socket was made"},
    {"stdio_socket", "a program got a network connection as its input and output"},
    {"dns_query", "a name was asked for"},
    {"host_name", "a name was used for the first time, in DNS, TLS or HTTP"},
    {"tls", "a TLS connection was begun"},
    {"proxy", "an HTTP request was made"},
    {"payload", "the first bytes that were sent on a connection"},
    {"flow", "a connection ended"},
    {"beacon", "a destination that the container returned to at intervals; once, at the end"},
    {"change", "something that the digest before, or the base image, did not do"},
    {"syscall", "a system call that has no category of its own"},
    {"setid", "a process changed its user or group"},
    {"output", "what the container printed"},
    {"usage", "a measurement of processor time"},
    {"run", "the whole run, once, at its end"},
    {"resource", "the whole run, once, at its end"},
    {"canary", "something happened to a file that the simulated internet had handed out"},
    {"honeytoken", "something happened to a secret that was planted for this scan"},
    {"guard", "a process of the sandbox did on the host what the runtime never does"},
    {"host_guard", "a process of the sandbox did on the host what the runtime never does"},
    {"refused", "the way out to the real network was refused"},
    {"yara", "an executed or left file matched YARA rules"},
    {"auditd", "a record as Linux's audit daemon would write it"},
    {"log", "a command line that was executed, or something that was printed"},
    {"image", "the image's configuration, once, at the start"},
    {"container_escape", "a call that only an escape from the container makes, tried or done"},
    {"memory", "memory was mapped, written or shared in an unusual way"},
    {"evasion", "a look at what tells a sandbox from a real host, or a sleep"},
    {"persistence_check", "a file was written in a place that starts things by itself"},
};

constexpr Word kOperations[] = {
    {"contains", "contains"},         {"startswith", "starts with"}, {"endswith", "ends with"},
    {"re", "matches the expression"}, {"cidr", "is in the network"}, {"gt", "is more than"},
    {"gte", "is at least"},           {"lt", "is less than"},        {"lte", "is at most"},
    {"fieldref", "equals the field"},
};
constexpr Word kNotes[] = {
    {"cased", "case matters"},      {"windash", "with any dash"},
    {"base64", "as base64"},        {"base64offset", "as base64, wherever it begins"},
    {"wide", "as UTF-16"},          {"utf16", "as UTF-16"},
    {"utf16le", "as UTF-16"},       {"utf16be", "as big-endian UTF-16"},
    {"i", "ignoring case"},         {"m", "^ and $ at each line"},
    {"s", ". for line breaks too"}, {"expand", "placeholders filled in"},
};
constexpr Word kComparisons[] = {
    {"gte", "at least"},  {"gt", "more than"}, {"lte", "at most"},
    {"lt", "fewer than"}, {"eq", "exactly"},   {"neq", "other than"},
};

template <class Table>
std::string_view words_of(const Table& table, std::string_view name) {
  auto found =
      std::find_if(std::begin(table), std::end(table), [&](const Word& w) { return w.name == name; });
  return found != std::end(table) ? found->words : std::string_view();
}

// The modifiers of one key, sorted out.
struct Wording {
  std::string operation = "is";
  bool all = false, negated = false, exists = false;
  std::vector<std::string> notes;
};

Wording wording_of(const std::vector<std::string>& key) {
  Wording out;
  for (size_t i = 1; i < key.size(); ++i) {
    if (auto operation = words_of(kOperations, key[i]); !operation.empty())
      out.operation = operation;
    else if (auto note = words_of(kNotes, key[i]); !note.empty())
      out.notes.emplace_back(note);
    else if (key[i] == "all")
      out.all = true;
    else if (key[i] == "neq")
      out.negated = true;
    else if (key[i] == "exists")
      out.exists = true;
    else
      out.notes.push_back(key[i]);
  }
  return out;
}

std::string value_words(const yaml::Node& value) {
  if (value.is_null() || (value.is_scalar() && value.scalar.empty())) return "missing";
  return "'" + value.scalar + "'";
}

std::string values_words(const yaml::Node& values, const Wording& wording, size_t shown) {
  if (!values.is_list()) return value_words(values);
  if (values.items.size() == 1) return value_words(values.items[0]);
  std::string out = wording.all ? "all of " : "any of ";
  size_t count = values.items.size() <= shown + 1 ? values.items.size() : shown;  // "and 1 more" is no saving
  for (size_t i = 0; i < count; ++i) out += (i > 0 ? ", " : "") + value_words(values.items[i]);
  if (count < values.items.size())
    out += " … and " + layout::count_text(values.items.size() - count) + " more";
  return out;
}

std::vector<std::string> map_words(const yaml::Node& map, size_t shown) {
  std::vector<std::string> out;
  for (const auto& [key, values] : map.entries)
    out.push_back((out.empty() ? "" : "and ") + item_words(key, values, shown));
  return out;
}

// "at least 15"
std::string comparison_words(const yaml::Node& condition) {
  std::vector<std::string> out;
  for (const auto& [key, value] : condition.entries)
    if (auto words = words_of(kComparisons, key); !words.empty())
      out.push_back(std::string(words) + " " + value.scalar);
  return joined(out, " and ");
}

}  // namespace

std::string_view category_words(std::string_view category) { return words_of(kCategories, category); }

std::string weight_words(double weight) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f", weight);
  return text;
}

std::vector<std::string> texts_under(const yaml::Node& node, std::string_view key) {
  std::vector<std::string> out;
  const auto* found = node.find(key);
  if (found == nullptr) return out;
  if (found->is_scalar()) out.push_back(found->scalar);
  for (const auto& item : found->items)
    if (item.is_scalar()) out.push_back(item.scalar);
  return out;
}

std::string item_words(const std::string& key, const yaml::Node& values, size_t shown) {
  auto words = split(key, '|');
  std::vector<std::string> parts(words.begin(), words.end());
  Wording wording = wording_of(parts);
  if (wording.exists)
    return parts[0] + (values.scalar == "false" || values.scalar == "no" ? " is missing" : " is there");
  std::string field = parts[0].empty() ? "any field" : parts[0];
  if (parts[0].empty() && wording.operation == "is") wording.operation = "contains";
  if (wording.negated) wording.operation = wording.operation == "is" ? "is not" : "not: " + wording.operation;
  std::string out = field + " " + wording.operation + " " + values_words(values, wording, shown);
  return wording.notes.empty() ? out : out + " (" + joined(wording.notes, "; ") + ")";
}

std::vector<std::string> selection_words(const yaml::Node& selection, size_t shown) {
  if (selection.is_map()) return map_words(selection, shown);
  bool keywords = selection.is_scalar() ||
                  std::all_of(selection.items.begin(), selection.items.end(),
                              [](const yaml::Node& item) { return item.is_scalar() || item.is_null(); });
  if (keywords) return {item_words("", selection, shown)};
  if (selection.items.size() == 1) return selection_words(selection.items[0], shown);
  std::vector<std::string> out = {"any of"};
  for (const auto& alternative : selection.items)
    out.push_back("- " + joined(alternative.is_map() ? map_words(alternative, shown)
                                                     : selection_words(alternative, shown),
                                " "));
  return out;
}

std::string correlation_words(const yaml::Node& correlation) {
  std::string type = correlation.text("type"), out;
  const auto* condition = correlation.find("condition");
  std::string number = condition != nullptr ? comparison_words(*condition) : "";
  std::string field = condition != nullptr ? joined(texts_under(*condition, "field"), ", ") : "";
  if (type == "event_count")
    out = number + " events";
  else if (type == "value_count")
    out = number + " different values of " + field;
  else if (type == "temporal" || type == "temporal_ordered")
    out = condition != nullptr && condition->is_scalar() ? condition->scalar : "each of the rules";
  else
    out = (type == "value_sum"   ? "the sum of " + field
           : type == "value_avg" ? "the mean of " + field
                                 : type + " of " + field) +
          " is " + number;
  if (type == "temporal_ordered") out += ", in this order,";
  out += " within " + correlation.text("timespan");
  auto groups = texts_under(correlation, "group-by");
  return groups.empty() ? out : out + ", with the same " + joined(groups, ", ");
}

}  // namespace assay
