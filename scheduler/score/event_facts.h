// event_facts: what one event means, by itself: command lines, which opens write, which addresses are other
// hosts. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/event.h"
#include "common/interpreter.h"

namespace assay {

std::string join_command(const std::vector<std::string>& argv);
/// The command line of a start or exec itself, bounded: a process keeps a shorter copy, and padding must not
/// hide what comes behind it.
std::string command_line_of(const Event& event);
/// Permission bits as rules write them: "0755", "4755".
std::string octal_mode(uint32_t mode);
/// Whether an address means another host: not loopback, unspecified or empty.
bool is_remote(std::string_view addr);
/// open(2) flags and calls that may change or make a file.
bool opens_for_write(const Event& event);
bool opens_to_create(const Event& event);

}  // namespace assay
