// Records of what the host's side of a sandbox has to say: the image it runs, its guard, its way out to the
// real network, and its patience.
#include "common/text.h"
#include "scheduler/score/event_facts.h"
#include "scheduler/score/observe.h"
#include "scheduler/score/peer_fields.h"
#include "scheduler/score/process_fields.h"

namespace assay {

void Observer::observe(const ImageInfo& image, const Emit& emit) const {
  constexpr size_t kMaxItems = 64, kMaxItemBytes = 4096, kMaxShown = 120;
  if (!wants(Category::image)) return;
  Record record(Category::image);
  auto add = [&](Field field, const std::vector<std::string>& items) {
    for (size_t i = 0; i < items.size() && i < kMaxItems; ++i)
      record.borrow(field, std::string_view(items[i]).substr(0, kMaxItemBytes));
  };
  record.borrow(Field::User, image.user);
  bool root = image.user.empty() || image.user == "0" || image.user.starts_with("0:") ||
              image.user.starts_with("root:");
  if (root) record.borrow(Field::User, "root");
  std::vector<std::string> command = image.entrypoint;
  command.insert(command.end(), image.cmd.begin(), image.cmd.end());
  std::string line = join_command(command);
  record.evidence = "the image's command: " + printable(line, kMaxShown);
  record.own(Field::CommandLine, std::move(line));
  add(Field::Environment, image.env);
  add(Field::ExposedPort, image.exposed_ports);
  for (size_t i = 0; i < image.layers.size() && i < kMaxItems; ++i)
    record.borrow(Field::History, std::string_view(image.layers[i].created_by).substr(0, kMaxItemBytes));
  emit(record);
}

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
  add_peer(record, network_, event.proto, event.dst_addr, event.dst_port);
  record.borrow(Field::DestinationHostname, event.name);
  add_process_fields(record, tree_, speakers_.of(event));
  emit(record);
}

// A sleep that no extension of the run was long enough for.
void Observer::on_note(const Event& event, const Emit& emit) const {
  if (event.call != "outlasted") return;
  for (Category category : {Category::syscall, Category::evasion}) {
    if (!wants(category)) continue;
    Record record(category);
    add_process(record, event);
    record.borrow(Field::Call, event.call);
    record.borrow(Field::Plane, to_string(event.plane));
    record.own(Field::SleepSeconds, static_cast<uint64_t>(event.duration_ns / 1'000'000'000));
    emit(record);
  }
}

}  // namespace assay
