// looked: what verbs that go through all kept traces (hunt, rescore) say of those that were left out, and
// what damage does to their exit code.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

namespace assay::cli {

/// "3 with the result of another, 1 damaged"; empty where all were looked at.
std::string left_out_text(uint64_t shared, uint64_t unfinished, uint64_t pruned, uint64_t damaged);
/// Tells each damage that there is (empty: none) on stderr, whatever the format. `code` as it becomes by
/// that.
int tell_damage(int code, std::initializer_list<std::string> damage);

}  // namespace assay::cli
