// Records of what the host's side of a sandbox has to say: its guard, its way out to the real network, and
// its patience.
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

// A sleep that no extension of the run was long enough for.
void Observer::on_note(const Event& event, const Emit& emit) const {
  if (!wants(Category::syscall) || event.call != "outlasted") return;
  Record record(Category::syscall);
  add_process(record, event);
  record.borrow(Field::Call, event.call);
  record.borrow(Field::Plane, to_string(event.plane));
  record.own(Field::SleepSeconds, static_cast<uint64_t>(event.duration_ns / 1'000'000'000));
  emit(record);
}

}  // namespace assay
