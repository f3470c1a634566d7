// Rules from hostile YAML: compiled or refused, and what is compiled is held against a record. Nothing
// throws, and neither takes long.
#include <string>

#include "scheduler/score/rule.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  std::string text(reinterpret_cast<const char*>(data), size);
  auto rules = RuleSet::compile({{"fuzz.yml", text}}, {{"Servers", {"srv*", "db?"}}});
  if (!rules) return 0;
  for (Category category : {Category::process_creation, Category::network_connection}) {
    Record record(category);
    record.borrow(Field::Image, "/usr/bin/app");
    record.borrow(Field::CommandLine, text);
    record.own(Field::ProcessId, uint64_t{42});
    for (const auto& rule : rules->state().rules)
      if (rule.detection) (void)rule.detection->matches(record);
  }
  return 0;
}
