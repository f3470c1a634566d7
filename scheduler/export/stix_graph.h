// stix_graph: the objects of a STIX 2.1 bundle while it is made: each under its id, once, in the order of
// their coming. Knows the standard's rules on ids and common properties, nothing of reports. Included by
// stix*.cc only.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/export/json_text.h"

namespace assay::stix {

class Graph {
 public:
  /// Borrowed. `created`: of every object that is this scan's alone, as a timestamp.
  Graph(const std::string& scan_id, std::string created) : scan_id_(scan_id), created_(std::move(created)) {}

  /// A cyber-observable. Its id is made of those of its properties that the standard lets contribute (section
  /// 2.9), so that it is the same in all reports. Returns the id.
  std::string observe(const char* type, Json properties, std::initializer_list<const char*> contributing);
  /// One whose type has no contributing properties: `seed` tells it from all others.
  std::string observe_alone(const char* type, const std::string& seed, Json properties);
  /// To be changed; the object must be there.
  Json& at(const std::string& id);

  /// A domain object or a relationship of this scan: its id is made of the scan and of `subject`.
  std::string add(const char* type, const std::string& subject, Json properties);
  /// One that is the same in the reports of all scans, and so must look the same in all.
  std::string add_common(const char* type, const std::string& subject, const char* created, Json properties);
  /// `from` and `to` are ids.
  std::string relate(const std::string& from, const char* how, const std::string& to);
  void add_marking();

  const std::vector<std::string>& observables() const { return observables_; }
  /// All but the marking.
  std::vector<std::string> ids() const;
  Json bundle() &&;

 private:
  std::string put(std::string id, Json object, Json properties);

  std::string scan_id_, created_;
  std::string identity_;  // once it is added: who created the others
  std::vector<Json> objects_;
  std::map<std::string, size_t> index_;
  std::vector<std::string> observables_;
};

/// The value in a pattern's quotes (section 9.1: string literals).
std::string quoted(std::string_view text);

}  // namespace assay::stix
