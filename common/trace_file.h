// trace_file: one scan's trace as a single file: header, chunks, footer, as they travel and are stored
// (docs/trace.md).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/result.h"
#include "common/trace.h"

namespace assay {

/// Writes a trace event by event; the file is whole once finish() has returned. Errors name the file.
class TraceFileWriter {
 public:
  static Result<TraceFileWriter> create(const std::string& path, const TraceHeader& header);
  TraceFileWriter(TraceFileWriter&&) noexcept;
  ~TraceFileWriter();
  Status add(const Event& event);
  Status finish(const TraceFooter& footer);

 private:
  struct State;
  explicit TraceFileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct TraceEnds {
  TraceHeader header;
  TraceFooter footer;
};
/// Reads a whole file, handing on every event in order. Errc::corrupt names the file and what is wrong with
/// it.
Result<TraceEnds> read_trace_file(const std::string& path, const std::function<void(const Event&)>& visit);

}  // namespace assay
