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

unsigned kept_labels(const Labels& labels) {
  return static_cast<unsigned>(std::min(labels.size(), kMaxLabels));
}

void write_labels(capnp::List<schema::Label>::Builder out, const Labels& labels) {
  for (unsigned i = 0; i < out.size(); ++i) {
    out[i].setName(Cut(labels[i].first, kMaxLabelBytes));
    out[i].setValue(Cut(labels[i].second, kMaxLabelBytes));
  }
}

Labels read_labels(capnp::List<schema::Label>::Reader in, Rules& rules) {
  Labels out;
  rules.check(in.size() <= kMaxLabels, "too many labels");
  if (!rules.ok()) return out;
  for (auto label : in)
    out.emplace_back(rules.text(label.getName(), kMaxLabelBytes, "label"),
                     rules.text(label.getValue(), kMaxLabelBytes, "label"));
  return out;
}

void write_submission(schema::Submission::Builder out, const Submission& submission) {
  write_job(out.initJob(), submission.job);
  out.setLane(static_cast<uint8_t>(submission.lane));
  out.setTenant(Cut(submission.tenant, kMaxIdBytes));
  out.setBatch(Cut(submission.batch, kMaxIdBytes));
  write_labels(out.initLabels(kept_labels(submission.labels)), submission.labels);
  out.setExpect(Cut(submission.expect, kMaxIdBytes));
  out.setFresh(submission.fresh);
  out.setOnce(Cut(submission.once, kMaxOnceBytes));
  out.setOwnLogin(submission.own_login);
}

Submission read_submission(schema::Submission::Reader in, Rules& rules) {
  Submission out;
  out.job = read_job(in.getJob(), rules);
  out.lane = rules.number(in.getLane(), Lane::sweep, "lane");
  out.tenant = rules.text(in.getTenant(), kMaxIdBytes, "tenant");
  out.batch = rules.text(in.getBatch(), kMaxIdBytes, "batch");
  out.labels = read_labels(in.getLabels(), rules);
  if (!rules.ok()) return out;
  out.expect = rules.text(in.getExpect(), kMaxIdBytes, "expectation");
  out.fresh = in.getFresh();
  out.once = rules.text(in.getOnce(), kMaxOnceBytes, "once key");
  out.own_login = in.getOwnLogin();
  return out;
}

}  // namespace capnp_codec
}  // namespace assay
