// contacts: what of a report a policy's `allow` is held against: names and addresses that the image turned
// to, ports that it listened on, users that its own programs ran as. Exactly, where a fact of behaviour.h
// stands for several. Pure.
#pragma once

#include <string>
#include <vector>

#include "scheduler/score/report.h"

namespace assay::decisions {

struct Contact {
  std::string what;   // "pool.evil.test", "203.0.113.7", "tcp/8080", "1000"
  std::string by;     // path of the program that did it first; empty: not known
  std::string layer;  // layer_text() of the layer that brought the program; empty: not known
  std::string step;   // of the run plan, that led to it; empty: the image did it by itself
};

struct Contacts {
  /// A name that was asked for, or that DNS gave to a peer. An address is one where the peer was not found by
  /// name: what a client says in SNI or Host is its own word, and names no peer that DNS has not.
  std::vector<Contact> destinations;
  std::vector<Contact> ports, users;  // each once, in the order of the report
  bool destinations_cut = false, ports_cut = false, users_cut = false;  // there were more than are told
};
Contacts contacts_of(const Report& report);

}  // namespace assay::decisions
