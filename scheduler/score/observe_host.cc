// Records of what the host's side of a sandbox has to say: its guard, and its way out to the real network.
#include "scheduler/score/observe.h"

#include "scheduler/score/process_fields.h"

namespace assay {

void Observer::on_guard(const Event& event, const Emit& emit) const {
  if (!wants(Category::guard)) return;
  Record record(Category::guard);
  record.borrow(Field::Kind, event.name);
  record.borrow(Field::Call, event.call);
  record.borrow(Field::Part, event.path2);
  record.borrow(Field::Path, event.path);
  record.borrow(Field::Image, event.comm);
  record.borrow(Field::Data, event.data);
  emit(record);
}

void Observer::on_refused(const Event& event, const Emit& emit) const {
  if (!wants(Category::refused)) return;
  Record record(Category::refused);
  record.borrow(Field::Reason, event.call);
  add_peer(record, event.proto, event.dst_addr, event.dst_port);
  record.borrow(Field::DestinationHostname, event.name);
  add_process_fields(record, tree_, speakers_.of(event));
  emit(record);
}

}  // namespace assay
