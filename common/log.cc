// spdlog's default logger, on stderr.
#include "common/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

namespace assay {

Status set_up_log(const std::string& level) {
  spdlog::level::level_enum parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off")
    return Error{Errc::invalid, "log level '" + level + "' is none of trace, debug, info, warn, error, off"};
  spdlog::drop("assay");
  auto logger = spdlog::stderr_color_mt("assay");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  logger->set_level(parsed);
  spdlog::set_default_logger(logger);
  return Status();
}

}  // namespace assay
