// canary_scripts: the code inside of canaries, one function a language. Each tries to open
// canary_path(marker) and does nothing else: no output, no child, no error, and it does not end a script that
// sources or evaluates it.
#pragma once

#include <string>
#include <string_view>

namespace assay::sinkhole {

std::string shell_script(std::string_view marker);  // valid Python as well
std::string python_script(std::string_view marker);
std::string javascript(std::string_view marker);
std::string perl_script(std::string_view marker);
std::string php_script(std::string_view marker);
std::string ruby_script(std::string_view marker);
/// For the host's architecture, which is the guest's.
std::string elf_program(std::string_view marker);

}  // namespace assay::sinkhole
