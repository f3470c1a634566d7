// entry: one job as the queue keeps it, and the lists that it can be in without a copy. Plain data and links;
// the rules are in queue and backlog. Not for others: dispatch is handed entries, the server never sees them.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/submission.h"

namespace assay {

using QueueTime = std::chrono::steady_clock::time_point;

/// What of a submission decides when and where it runs.
struct QueuedJob {
  std::string scan_id;
  Lane lane = Lane::interactive;
  std::string tenant, batch;
  std::string registry;        // host that it is pulled from; empty: no registry
  uint64_t affinity = 0;       // wire::affinity_key() of its reference; 0: none
  uint32_t cpu_millis = 1000;  // what it needs on an agent
  uint64_t memory_bytes = 0;
  std::string platform{};  // canonical (common/platform.h); empty: whichever the agent runs
  uint32_t attempts = 0;  // leases made so far
  uint32_t failures = 0;  // of those, the ones that count against the limit
};

struct Flow;    // backlog's
struct Holder;  // queue's

struct Entry {
  struct Links {
    Entry* before = nullptr;
    Entry* after = nullptr;
  };
  enum class Place : uint8_t { ready, held, delayed, leased };  // held: ready, but waits for an agent

  QueuedJob job;
  Place place = Place::ready;
  uint64_t number = 0;  // of its coming into this place: a later one is higher
  QueueTime since{};    // ready, held: since when it waits; leased: since when; delayed: until when
  Links order;          // in its flow, or among its agent's leases
  Links age;            // in its channel
  Flow* flow = nullptr;
  Holder* holder = nullptr;
  bool charged = false;   // against its tenant and batch
  bool returned = false;  // goes before the others of its flow
  bool patient = true;    // was not held for an agent yet
  bool hoping = false;    // is among the hopes of these agents
  std::array<uint32_t, 2> hopes{};
  QueueTime held_until{};
};

/// A doubly linked list of entries that it does not own.
template <Entry::Links Entry::*kLinks>
class EntryList {
 public:
  bool empty() const { return first_ == nullptr; }
  size_t size() const { return size_; }
  Entry* front() const { return first_; }
  static Entry* after(const Entry& entry) { return (entry.*kLinks).after; }

  void push_back(Entry& entry) { insert(entry, last_, nullptr); }
  void push_front(Entry& entry) { insert(entry, nullptr, first_); }
  void erase(Entry& entry) {
    auto& links = entry.*kLinks;
    (links.before ? (links.before->*kLinks).after : first_) = links.after;
    (links.after ? (links.after->*kLinks).before : last_) = links.before;
    links = {};
    --size_;
  }

 private:
  void insert(Entry& entry, Entry* before, Entry* after) {
    entry.*kLinks = {before, after};
    (before ? (before->*kLinks).after : first_) = &entry;
    (after ? (after->*kLinks).before : last_) = &entry;
    ++size_;
  }

  Entry* first_ = nullptr;
  Entry* last_ = nullptr;
  size_t size_ = 0;
};

}  // namespace assay
