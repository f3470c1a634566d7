// record_reader: the records that rules would see of a trace, all categories wanted. Wired as the scorer
// does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "case_reader.h"
#include "common/paths.h"
#include "scheduler/score/downloads.h"
#include "scheduler/score/join.h"
#include "scheduler/score/observe.h"

namespace assay::testing {

inline void each_record(const std::vector<Event>& events, const std::function<void(const Record&)>& visit) {
  TraceHeader header = test_header();
  std::array<bool, kCategoryCount> wanted;
  wanted.fill(true);
  ProcessTree tree(header.job.provoke);
  NetworkMap network(header.guest_addr, header.guest_addr6);
  Speakers speakers(tree);
  Downloads downloads(tree, speakers);
  Tokens tokens(header.tokens, tree, speakers);
  Observer observer(tree, network, speakers, tokens, wanted);
  Join join;
  auto take = [&](const Event& event) {
    network.add(event);
    tree.add(event);
    speakers.add(event);
    observer.observe(event, visit);
    downloads.observe(event, visit);
    tokens.observe(event, [&](const Record& record, const Event&) { visit(record); });
  };
  for (const Event& event : events) join.add(event, take);
  join.flush(take);
  tokens.finish([&](const Record& record, const Event&) { visit(record); });
}

/// One line a record of the category, with those of its fields that are asked for: "Image=/bin/sh
/// PipedFrom=a,b".
inline std::string records(const std::string& yaml_list, Category category,
                           const std::vector<Field>& fields) {
  std::string out;
  each_record(trace(yaml_list), [&](const Record& record) {
    if (record.category() != category) return;
    std::string line;
    for (Field field : fields) {
      std::string values;
      for (const auto& entry : record.entries())
        if (entry.field == field) values += (values.empty() ? "" : ",") + std::string(entry.value);
      if (!values.empty()) line += (line.empty() ? "" : " ") + std::string(field_name(field)) + "=" + values;
    }
    out += line + "\n";
  });
  return out;
}

}  // namespace assay::testing
