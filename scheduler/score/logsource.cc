// The mapping of logsources.
#include "scheduler/score/logsource.h"

#include "common/text.h"

namespace assay {

LogsourceAnswer answer_logsource(const std::string& category, const std::string& product,
                                 const std::string& service) {
  auto word = [](const char* kind, const std::string& value) {
    return std::string("logsource ") + kind + " " + printable(value, 50) + ": ";
  };
  if (!product.empty() && product != "linux")
    return {std::nullopt, word("product", product) + "what runs here is Linux"};
  if (!service.empty()) {
    // Auditd's records are made of our events; every other service is a daemon's own log.
    auto answered = service == "auditd" ? category_of(service) : std::nullopt;
    if (!answered) return {std::nullopt, word("service", service) + "nothing here writes that log"};
    return {answered, ""};
  }
  // Product alone: any text that Linux logs.
  auto answered = category_of(category.empty() ? "log" : category);
  if (!answered && category.empty())
    return {std::nullopt, word("product", product) + "nothing here writes a log of all of it"};
  if (!answered) return {std::nullopt, word("category", category) + "no event here is of that kind"};
  return {answered, ""};
}

}  // namespace assay
