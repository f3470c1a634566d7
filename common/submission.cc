// Names of lanes, and a submission as bytes inside other messages (schema/job.capnp).
#include "common/submission.h"

#include "common/codec_capnp.h"
#include "common/text.h"

namespace assay {

const char* to_string(Lane lane) {
  switch (lane) {
    case Lane::gate:
      return "gate";
    case Lane::interactive:
      return "interactive";
    case Lane::batch:
      return "batch";
    case Lane::sweep:
      return "sweep";
  }
  return "unknown";
}

Result<Lane> parse_lane(std::string_view text) {
  for (Lane lane : {Lane::gate, Lane::interactive, Lane::batch, Lane::sweep})
    if (text == to_string(lane)) return lane;
  return Error{Errc::invalid,
               "'" + printable(text, 64) + "' is no lane; there are gate, interactive, batch and sweep"};
}

namespace capnp_codec {

void write_submission(schema::Submission::Builder out, const Submission& submission) {
  write_job(out.initJob(), submission.job);
  out.setLane(static_cast<uint8_t>(submission.lane));
  out.setTenant(Cut(submission.tenant, kMaxIdBytes));
  out.setBatch(Cut(submission.batch, kMaxIdBytes));
  auto labels = out.initLabels(static_cast<unsigned>(std::min(submission.labels.size(), kMaxLabels)));
  for (unsigned i = 0; i < labels.size(); ++i) {
    labels[i].setName(Cut(submission.labels[i].first, kMaxLabelBytes));
    labels[i].setValue(Cut(submission.labels[i].second, kMaxLabelBytes));
  }
  out.setExpect(Cut(submission.expect, kMaxIdBytes));
  out.setFresh(submission.fresh);
}

Submission read_submission(schema::Submission::Reader in, Rules& rules) {
  Submission out;
  out.job = read_job(in.getJob(), rules);
  out.lane = rules.number(in.getLane(), Lane::sweep, "lane");
  out.tenant = rules.text(in.getTenant(), kMaxIdBytes, "tenant");
  out.batch = rules.text(in.getBatch(), kMaxIdBytes, "batch");
  auto labels = in.getLabels();
  rules.check(labels.size() <= kMaxLabels, "too many labels");
  if (!rules.ok()) return out;
  for (auto label : labels)
    out.labels.emplace_back(rules.text(label.getName(), kMaxLabelBytes, "label"),
                            rules.text(label.getValue(), kMaxLabelBytes, "label"));
  out.expect = rules.text(in.getExpect(), kMaxIdBytes, "expectation");
  out.fresh = in.getFresh();
  return out;
}

}  // namespace capnp_codec
}  // namespace assay
