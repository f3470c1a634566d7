// layers: which layer of its image brought a process' program, and how that is said. For records and findings.
#pragma once

#include <string>
#include <vector>

#include "common/trace.h"
#include "scheduler/score/process_tree.h"
#include "scheduler/score/record.h"

namespace assay {

/// 0: none, or not known. Of an interpreter it is that of the file it was given; where it was given none of the
/// image's, and of a program that the image does not have, that of the nearest process above of which it is
/// known: whoever brought the doer.
uint32_t bringing_layer(const ProcessTree& tree, size_t index);

/// "sha256:..., RUN apt-get install curl", on one line, bounded; empty for 0 and beyond the list.
std::string layer_text(const std::vector<LayerInfo>& layers, uint32_t layer);

/// A finding's layer_text() for a person: "layer 3 of 7, RUN apt-get install curl".
std::string layer_for_people(const std::vector<LayerInfo>& layers, const std::string& text);

/// diffID and history line of the program's own layer, as two values of the field. Borrows both.
void add_layer(Record& record, const std::vector<LayerInfo>& layers, uint32_t layer);

}  // namespace assay
