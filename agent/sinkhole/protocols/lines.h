// lines: for protocols that are spoken in lines of text: hostile bytes cut into bounded lines, a line into
// words, and the conversation that such protocols have in common. Pure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

class Lines {
 public:
  static constexpr size_t kMaxLineBytes = 8192;  // a longer line is cut
  /// Calls heard(line) for each line that ends within `bytes`, without its CR LF, until it returns false.
  /// Returns what follows that line.
  template <class Heard>
  std::string_view feed(std::string_view bytes, Heard&& heard) {
    while (!bytes.empty()) {
      size_t end = bytes.find('\n');
      held_ += bytes.substr(0, end).substr(0, kMaxLineBytes - held_.size());
      if (end == std::string_view::npos) return {};
      bytes.remove_prefix(end + 1);
      if (held_.ends_with('\r')) held_.pop_back();
      std::string line = std::exchange(held_, {});
      if (!heard(std::string_view(line))) return bytes;
    }
    return {};
  }

 private:
  std::string held_;
};

std::string upper(std::string_view text);  // ASCII
/// At most `limit` of them, separated by spaces and tabs; the last one is the rest of the line.
std::vector<std::string_view> words(std::string_view line, size_t limit);
struct Command {
  std::string verb;       // in upper case
  std::string_view rest;  // behind it, without the spaces between
};
Command command_of(std::string_view line);

/// Is the first word of `first` one of these (upper case), in any case?
Match begins_with_word(std::string_view first, std::initializer_list<std::string_view> known);

class LineConversation : public Conversation {
 public:
  std::string hear(std::string_view bytes, Moment& moment) final;
  std::string greet(Moment& moment) final;
  bool closing() const final { return closing_; }
  bool hands_over(std::string& rest) final;

 protected:
  virtual std::string banner(const Moment& /*moment*/) const { return ""; }
  virtual void answer(std::string_view line, Moment& moment, std::string& out) = 0;
  bool closing_ = false, handing_over_ = false;
  Notes notes_;

 private:
  Lines lines_;
  std::string rest_;
  bool greeted_ = false;
};

}  // namespace assay::sinkhole
