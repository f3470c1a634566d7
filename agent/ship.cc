// A window of chunks over the slot's link.
#include "agent/ship.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Longer than the scheduler needs to fail over; a scheduler that is gone for this long has given our lease to
// another agent.
constexpr std::chrono::seconds kAckTimeout{60};

}  // namespace

Status Ship::add(Event event) {
  ++events_;
  writer_.add(std::move(event));
  if (writer_.full()) return send_chunk();
  return poll();
}

Status Ship::send_chunk() {
  ASSAY_CHECK(receive_until([&] { return unacked_ < kWindow; }));
  wire::Chunk chunk{scan_id_, attempt_, next_index_, writer_.take()};
  bytes_ += chunk.bytes.size();
  ASSAY_CHECK(link_.send(wire::encode(chunk)).context("ship chunk " + std::to_string(next_index_)));
  ++next_index_;
  ++unacked_;
  return Status();
}

Status Ship::flush() {
  if (!writer_.empty()) ASSAY_CHECK(send_chunk());
  return receive_until([&] { return unacked_ == 0; });
}

Status Ship::done(const TraceHeader& header, const TraceFooter& footer) {
  ASSAY_CHECK(flush());
  ASSAY_CHECK(link_.send(wire::encode(wire::Done{scan_id_, attempt_, header, footer})));
  return receive_until([&] { return ended_; });
}

Status Ship::failed(const Error& error) {
  ASSAY_CHECK(link_.send(wire::encode(wire::Failed{scan_id_, attempt_, to_string(error.code), error.what})));
  return receive_until([&] { return ended_; });
}

void Ship::progress(const wire::Progress& progress) { (void)link_.send(wire::encode(progress)); }

Status Ship::receive_until(const std::function<bool()>& reached) {
  auto deadline = steady_clock::now() + kAckTimeout;
  for (;;) {
    ASSAY_CHECK(poll());
    if (reached()) return Status();
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) return Error{Errc::timeout, "the scheduler has not acknowledged for 60 s"};
    std::vector<WaitFor> items{link_, WaitFor(cancel_fd_)};
    ASSAY_CHECK(wait(items, left));
    if (items[1].ready) return Error{Errc::cancelled, "cancelled"};
  }
}

Status Ship::poll() {
  for (;;) {
    ASSAY_TRY(auto frames, link_.receive());
    if (!frames) return Status();
    auto message = wire::decode(frames->back());
    if (!message) return message.error().context("from the scheduler");
    ASSAY_CHECK(handle(*message));
  }
}

Status Ship::handle(const wire::Message& message) {
  if (auto* ack = std::get_if<wire::ChunkAck>(&message)) {
    if (ack->scan_id == scan_id_ && ack->attempt == attempt_ && unacked_ > 0) --unacked_;
  } else if (auto* done = std::get_if<wire::DoneAck>(&message)) {
    if (done->scan_id == scan_id_ && done->attempt == attempt_) ended_ = true;
  } else if (auto* cancel = std::get_if<wire::Cancel>(&message)) {
    if (cancel->scan_id == scan_id_) return Error{Errc::cancelled, "cancelled by the scheduler"};
  }
  return Status();
}

}  // namespace assay
