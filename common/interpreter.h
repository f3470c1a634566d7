// interpreter: programs that execute the file that they are given. By name alone. Pure.
#pragma once

#include <string_view>

namespace assay {

/// A shell or another program that executes the file it is given: by its name, version numbers aside.
bool is_interpreter(std::string_view path);

}  // namespace assay
