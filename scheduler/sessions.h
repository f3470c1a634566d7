// sessions: which connection speaks for which agent. A connection becomes a session by Hello; a newer one of
// the same agent replaces the older. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace assay {

class Sessions {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Session {
    std::string agent;
    std::string instance;  // of the agent's process
    std::string version;   // of its tracer
    std::string key;       // public; empty on plaintext
    Time last_seen{};
    uint32_t wire = 0;  // version that both sides speak
  };
  enum class Change { known, reconnected, restarted, appeared };

  /// What the Hello of `agent` from connection `peer` means: the same connection and process again, another
  /// connection of the same process, another process of the same name, or an agent that was not there.
  Change open(const std::string& peer, Session session);
  /// The session of a connection, or nothing.
  const Session* find(const std::string& peer) const;
  void seen(const std::string& peer, Time now);
  /// Of the connected agent's tracer, or empty.
  std::string version_of(const std::string& agent) const;
  /// The wire version that is spoken with it, or 0.
  uint32_t wire_of(const std::string& agent) const;
  std::string key_of(const std::string& agent) const;
  /// The connection that speaks for the agent now.
  const std::string* peer_of(const std::string& agent) const;
  void close(const std::string& agent);
  /// Sessions silent since `since`, closed; their agents.
  std::vector<std::string> expire(Time since);
  /// Whether an unknown connection should be asked now who it is: once a second, for at most kMaxAsked of
  /// them.
  bool ask(const std::string& peer, Time now);

  size_t size() const { return peers_.size(); }
  std::vector<std::string> agents() const;

 private:
  static constexpr size_t kMaxAsked = 8192;
  std::unordered_map<std::string, Session> sessions_;   // by connection
  std::unordered_map<std::string, std::string> peers_;  // agent -> connection
  std::unordered_map<std::string, Time> asked_;
};

}  // namespace assay
