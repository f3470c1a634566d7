// dossier_html: the pieces of the dossier's page. Only dossier_html*.cc include it.
#pragma once

#include <string>
#include <string_view>

#include "decisions/vetting/dossier.h"
#include "scheduler/export/html_writer.h"

namespace assay::decisions {

/// What is read in ten seconds: vendor, totals, and where each image stands.
void write_first_page(html::Writer& page, const Dossier& dossier);
void write_comparison(html::Writer& page, const Dossier& dossier);
/// Of the image at `index` of the dossier.
void write_image(html::Writer& page, const Dossier& dossier, size_t index);
/// By what it was made: manifest, policy, versions.
void write_making(html::Writer& page, const Dossier& dossier);

/// "MALICIOUS", in its colour.
void standing_mark(html::Writer& page, Standing standing);
/// "image-3", of the third image.
std::string image_id(size_t index);
/// What a dossier needs beside the reports' style sheet.
std::string_view dossier_style();

}  // namespace assay::decisions
