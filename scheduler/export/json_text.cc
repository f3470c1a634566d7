// Strings cleaned in place, then dumped.
#include "scheduler/export/json_text.h"

#include <algorithm>
#include <ctime>

#include "common/text.h"

namespace assay {
namespace {

// Documents are as deep as their forms, which are ours.
void clean(Json& value) {
  if (value.is_string()) {
    value = still_printable(value.get_ref<const std::string&>());
  } else if (value.is_structured()) {
    for (Json& item : value) clean(item);
  }
}

}  // namespace

std::string json_text(Json document) {
  clean(document);
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string utc_text(int64_t epoch_ns) {
  int64_t millis = std::max<int64_t>(epoch_ns, 0) / 1'000'000;
  time_t seconds = millis / 1000;
  std::tm parts{};
  char date[32] = "", text[48] = "";
  gmtime_r(&seconds, &parts);
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(millis % 1000));
  return text;
}

}  // namespace assay
