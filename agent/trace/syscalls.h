// syscalls: names of x86-64 system calls by number (asm/unistd_64.h). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

/// "openat"; "syscall_<n>" for a number without a name.
std::string syscall_name(uint64_t number);
/// -1: no such call.
int syscall_number(std::string_view name);

}  // namespace assay
