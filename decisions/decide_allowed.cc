// Whom the image talked to, where it listened, as whom it ran, and what of all that is new, against what a
// policy allows.
#include <algorithm>
#include <charconv>
#include <functional>

#include "decisions/contacts.h"
#include "decisions/decide_parts.h"
#include "decisions/patterns.h"

namespace assay::decisions {
namespace {

struct Allowed {
  const char* check;
  const char* before;  // the contact: "uid "
  const char* did;     // "was contacted"
  const char* list;
  const std::vector<std::string>& patterns;
  std::function<bool(const std::string& pattern, const std::string& what)> matches;
};

void ask(const Case& at, const Allowed& allowed, const std::vector<Contact>& contacts, bool cut,
         std::vector<Reason>& to) {
  for (const Contact& contact : contacts) {
    if (std::any_of(allowed.patterns.begin(), allowed.patterns.end(),
                    [&](const std::string& pattern) { return allowed.matches(pattern, contact.what); }))
      continue;
    Reason reason;
    reason.outcome = at.policy.not_allowed;
    reason.check = allowed.check;
    reason.subject = contact.what;
    reason.layer = contact.layer;
    Sentence text;
    text.say(allowed.before).quote(contact.what).say(std::string(" ") + allowed.did);
    if (!contact.by.empty()) text.say(" by ").quote(contact.by);
    if (!contact.step.empty()) text.say(" after the step ").quote(contact.step);
    text.layer(at.report, contact.layer).say(std::string(", and is none of the ") + allowed.list + ".");
    std::move(text).into(reason);
    to.push_back(std::move(reason));
  }
  if (!cut) return;
  // What is not told could be anything.
  Reason reason;
  reason.outcome = at.policy.not_allowed;
  reason.check = allowed.check;
  std::move(
      Sentence().say(std::string("There were more than the report has room for, so that not all could be "
                                 "held against the ") +
                     allowed.list + "."))
      .into(reason);
  to.push_back(std::move(reason));
}

bool port_matches(const std::string& pattern, const std::string& port) {
  auto range = PortRange::parse(pattern);
  return range && range->contains(port);
}

bool user_matches(const std::string& pattern, const std::string& uid) {
  auto range = UserRange::parse(pattern);
  uint32_t number = 0;
  auto read = std::from_chars(uid.data(), uid.data() + uid.size(), number);
  return range && read.ec == std::errc() && range->contains(number);
}

}  // namespace

void ask_allowed(const Case& at, std::vector<Reason>& to) {
  const Policy& policy = at.policy;
  if (!policy.allowed_domains && !policy.allowed_ports && !policy.allowed_users) return;
  Contacts contacts = contacts_of(at.report);
  if (policy.allowed_domains)
    ask(at,
        {"domain", "", "was contacted", "domains allowed", *policy.allowed_domains,
         [](const std::string& pattern, const std::string& what) {
           return matches_address(pattern, what) || matches_name(pattern, what);
         }},
        contacts.destinations, contacts.destinations_cut, to);
  if (policy.allowed_ports)
    ask(at, {"listener", "", "was listened on", "ports allowed", *policy.allowed_ports, port_matches},
        contacts.ports, contacts.ports_cut, to);
  if (policy.allowed_users)
    ask(at, {"user", "uid ", "was used", "users allowed", *policy.allowed_users, user_matches},
        contacts.users, contacts.users_cut, to);
}

void ask_changes(const Case& at, std::vector<Reason>& to) {
  for (const Comparison& comparison : at.report.compared) {
    if (comparison.relation != "previous") continue;
    for (const Change& change : comparison.added) {
      auto asked = at.policy.changes.find(change.kind);
      if (asked == at.policy.changes.end() || asked->second == Outcome::pass) continue;
      Reason reason;
      reason.outcome = asked->second;
      reason.check = "change";
      reason.subject = change.what;
      reason.layer = change.layer;
      Sentence text;
      text.say("New since the previous digest ").quote(comparison.digest).say(": " + change.kind + " ");
      text.quote(change.what);
      if (!change.by.empty()) text.say(", by ").quote(change.by);
      std::move(text.layer(at.report, change.layer).say(".")).into(reason);
      to.push_back(std::move(reason));
    }
  }
}

}  // namespace assay::decisions
