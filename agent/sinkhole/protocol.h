// protocol: what the simulated internet speaks: one row a protocol, with how it is recognised and how a
// conversation in it begins. protocol.cc holds the table; each protocol has a file pair of its own.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "agent/sinkhole/conversation.h"

namespace assay::sinkhole {

enum class Match { no, maybe, yes };

struct Protocol {
  std::string_view app;
  /// Do these first bytes of a client begin it? `maybe`: so far. Null: never known by them.
  Match (*begins)(std::string_view first, const Peer& peer) = nullptr;
  /// Whether a silent client on this port waits for the server's greeting. Null: never.
  bool (*greets)(const Peer& peer) = nullptr;
  std::unique_ptr<Conversation> (*open)(Moment& moment) = nullptr;
};

/// In the order in which they are asked.
std::span<const Protocol> protocols();

}  // namespace assay::sinkhole
