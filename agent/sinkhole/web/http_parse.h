// http_parse: cuts a client's bytes into HTTP/1.x requests: heads, bodies by length or in chunks, trailers
// (RFC 9112). A pure state machine over hostile bytes; keeps at most kMaxHeadBytes of a head, and of a body
// what it is allowed to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/sinkhole/web/web.h"

namespace assay::sinkhole {

/// Without spaces and tabs around it.
std::string_view trimmed(std::string_view text);
/// Whether a comma-separated field like Connection has this word, in whatever case.
bool has_word(std::string_view list, std::string_view lower_word);

class HttpParser {
 public:
  static constexpr size_t kMaxHeadBytes = 16 * 1024;
  static constexpr size_t kMaxHeaders = 128;

  enum class State : uint8_t {
    head,      // more is awaited
    headed,    // request() has all but its body: go on with take() or pass over it
    body,      // more is awaited
    done,      // request() is whole; reset() before what follows
    bad,       // 400: nothing that follows can be understood
    too_long,  // 431
  };

  /// Takes bytes up to the next change of state, at most; says how many.
  size_t take(std::string_view bytes);
  void reset();

  State state() const { return state_; }
  WebRequest& request() { return request_; }
  bool http10() const { return http10_; }
  bool has_body() const { return chunked_ || body_left_ > 0; }
  /// What the body will have, at headed; a chunked one may have any length.
  uint64_t announced() const { return chunked_ ? UINT64_MAX : body_left_; }
  uint64_t chunks() const { return chunks_; }
  /// Content codings in the order in which they were applied: of Content-Encoding, and of Transfer-Encoding
  /// before "chunked".
  const std::vector<std::string>& codings() const { return codings_; }
  /// How much of a body to keep; the rest is counted.
  void keep_body(size_t bytes) { kept_ = bytes; }

 private:
  enum class Chunk : uint8_t { size, data, end, trailer };

  size_t take_line(std::string_view bytes);
  void head_line();
  bool read_request_line(std::string_view line);
  bool read_field(std::string_view line);
  bool finish_head();
  bool read_target();
  bool read_framing();
  size_t take_body(std::string_view bytes);
  void chunk_line();

  State state_ = State::head;
  WebRequest request_;
  std::string line_;       // an unfinished line of the head, or between chunks
  size_t head_bytes_ = 0;  // of the head so far, of a chunk's line, of the trailers
  bool http10_ = false, chunked_ = false;
  Chunk chunk_ = Chunk::size;
  uint64_t body_left_ = 0;  // of the body, or of the chunk
  uint64_t chunks_ = 0;
  size_t kept_ = WebRequest::kMaxBodyBytes;
  std::vector<std::string> codings_;
};

}  // namespace assay::sinkhole
