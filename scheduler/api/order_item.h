// The fields of one scan or image in a request. Internal to the order files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/submission.h"

namespace assay::api {

enum class Field : uint8_t {
  ref,
  duration_ms,
  network,
  insecure,
  auth_file,
  cpu_millis,
  memory_bytes,
  lane,
  batch,
  expect,
  fresh,
  persona,
  provoke,
  extension_ms,
  platform,
  labels,
  once,
  registry_auth,
  none
};
const char* to_string(Field field);
Field field_of(std::string_view name);  // none: there is no such field

/// A submission as far as it has been said.
struct Item {
  Submission submission;
  uint32_t said = 0;  // bit: Field

  bool has(Field field) const { return (said >> static_cast<unsigned>(field) & 1) != 0; }
  void mark(Field field) { said |= 1u << static_cast<unsigned>(field); }

  // Errc::invalid names the rule, or the type that the field has instead.
  Status set(Field field, std::string& value);
  Status set(Field field, uint64_t value);
  Status set(Field field, bool value);

  /// What `defaults` say and this does not.
  void complete(const Item& defaults);
};

Status add_label(Labels& labels, std::string name, std::string value);

}  // namespace assay::api
