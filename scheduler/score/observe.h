// observe: an event as the records that rules read. Fields and categories as docs/rules.md lists them.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "common/event.h"
#include "common/trace.h"
#include "scheduler/score/network_map.h"
#include "scheduler/score/process_tree.h"
#include "scheduler/score/record.h"
#include "scheduler/score/report.h"
#include "scheduler/score/speakers.h"
#include "scheduler/score/tokens.h"

namespace assay {

class Observer {
 public:
  using Emit = std::function<void(const Record&)>;

  /// Borrowed; all must already have taken in the event that observe() is given.
  Observer(const ProcessTree& tree, const NetworkMap& network, const Speakers& speakers, const Tokens& tokens,
           const std::array<bool, kCategoryCount>& wanted)
      : tree_(tree), network_(network), speakers_(speakers), tokens_(tokens), wanted_(wanted) {}

  /// Emits the event's records, in a fixed order. They die with the call.
  void observe(const Event& event, const Emit& emit);
  /// Emits the record of the image that is run.
  void observe(const ImageInfo& image, const Emit& emit) const;

 private:
  bool wants(Category category) const { return wanted_[static_cast<size_t>(category)]; }
  bool wants_any(std::initializer_list<Category> categories) const {
    for (Category category : categories)
      if (wants(category)) return true;
    return false;
  }
  void add_process(Record& record, const Event& event) const;
  void on_exec(const Event& event, const Emit& emit);
  void on_stdio(const Event& event, const Emit& emit);
  void on_open(const Event& event, const Emit& emit);
  void on_connection(const Event& event, const Emit& emit);
  void on_listen(const Event& event, const Emit& emit);
  void on_syscall(const Event& event, const Emit& emit);
  void on_file_call(const Event& event, const Emit& emit);
  void on_clone(const Event& event, const Emit& emit);
  void on_pipes(const Event& event, const Emit& emit);
  void tell_pipe(size_t reader, const Emit& emit);
  void on_auditd(const Event& event, const Emit& emit) const;
  void tell_paths(const Event& event, std::string_view call, const Emit& emit) const;
  void on_log(const Event& event, const Emit& emit) const;
  void on_flow(const Event& event, const Emit& emit);
  void on_payload(const Event& event, const Emit& emit);
  void on_name(const Event& event, const Emit& emit);
  void on_request(const Event& event, const Emit& emit);
  void on_left_file(const Event& event, const Emit& emit);
  void on_matches(const Event& event, const Emit& emit) const;
  void note_executed(const Event& event);
  void on_guard(const Event& event, const Emit& emit) const;
  void on_refused(const Event& event, const Emit& emit) const;
  void on_note(const Event& event, const Emit& emit) const;
  void on_rest(const Event& event, const Emit& emit);
  void add_call(Record& record, const Event& event) const;
  bool add_area(Record& record) const;
  void add_target(Record& record, const Event& event, const std::string& path) const;

  const ProcessTree& tree_;
  const NetworkMap& network_;
  const Speakers& speakers_;
  const Tokens& tokens_;
  const std::array<bool, kCategoryCount>& wanted_;
  std::map<size_t, std::string> piped_;                  // reader -> what was told of who feeds it
  std::map<std::string, int32_t> executed_;              // path -> who executed it first
  std::set<std::pair<std::string, std::string>> named_;  // (via, name) that have been told
  std::map<std::string, bool>
      sent_;  // peers whose payload the flows showed (true: encrypted): sessions repeat it
  std::map<std::string, std::pair<int, int>> requests_;  // how often flows and sinkhole told of each request
};

}  // namespace assay
