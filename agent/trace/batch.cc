// The channel: two indices, each written by one side only, and an eventfd each way.
#include "agent/trace/batch.h"

namespace assay {

void Batch::add(RecordKind kind, std::string_view head, std::string_view tail, int64_t arrival_ns) {
  records.push_back({kind, static_cast<uint32_t>(bytes.size()),
                     static_cast<uint32_t>(head.size() + tail.size()), arrival_ns});
  bytes.append(head).append(tail);
}

void Batch::append(Batch& other) {
  auto base = static_cast<uint32_t>(bytes.size());
  auto first_file = static_cast<uint32_t>(files.size());
  for (Record record : other.records) {
    record.offset += record.kind == RecordKind::executable ? first_file : base;
    records.push_back(record);
  }
  bytes.append(other.bytes);
  for (Fd& file : other.files) files.push_back(std::move(file));
  other.records.clear();
  other.bytes.clear();
  other.files.clear();
}

Result<std::unique_ptr<BatchChannel>> BatchChannel::open() {
  std::unique_ptr<BatchChannel> channel(new BatchChannel());
  ASSAY_TRY(channel->ready_, make_event());
  ASSAY_TRY(channel->space_, make_event());
  return channel;
}

bool BatchChannel::try_push(std::unique_ptr<Batch>& batch) {
  size_t head = head_.load(std::memory_order_relaxed);
  if (head - tail_.load(std::memory_order_acquire) == kCapacity) return false;
  slots_[head % kCapacity] = std::move(batch);
  head_.store(head + 1, std::memory_order_release);
  raise_event(ready_.get());
  return true;
}

bool BatchChannel::idle() const {
  return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire);
}

std::unique_ptr<Batch> BatchChannel::pop() {
  size_t tail = tail_.load(std::memory_order_relaxed);
  if (tail == head_.load(std::memory_order_acquire)) return nullptr;
  auto batch = std::move(slots_[tail % kCapacity]);
  tail_.store(tail + 1, std::memory_order_release);
  raise_event(space_.get());
  return batch;
}

}  // namespace assay
