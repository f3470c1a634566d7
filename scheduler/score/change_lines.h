// change_lines: changes for a person, a line each; of the diff, the text report and sweeps' reports. Pure.
#pragma once

#include <string>
#include <vector>

#include "scheduler/score/report.h"

namespace assay {

/// "+ domain      pool.evil.test  by /usr/bin/xmrig  layer 3 of 4, COPY xmrig /usr/bin"; who did it and
/// the layer stand on lines of their own where there is no room. At most 60 changes, then how many more.
/// `layers`: of the image that the changes' layers are out of; empty: not known, then a layer is told by the
/// start of its diffID.
std::vector<std::string> change_lines(const std::vector<Change>& changes, const std::string& sign,
                                      const std::vector<LayerInfo>& layers, size_t width);

}  // namespace assay
