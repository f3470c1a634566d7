// The page as a whole: its head, the order of its sections.
#include "decisions/vetting/dossier_html.h"

#include "decisions/vetting/dossier_forms.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

using html::Element;
using html::Writer;

void write_head(Writer& page, const Dossier& dossier) {
  Element head = page.in("head");
  page.lone("meta", {{"charset", "utf-8"}});
  page.lone("meta", {{"http-equiv", "Content-Security-Policy"},
                     {"content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}});
  page.lone("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  page.lone("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  page.lone("meta", {{"name", "referrer"}, {"content", "no-referrer"}});
  page.lone("link", {{"rel", "icon"}, {"href", "data:,"}});  // or a browser asks for /favicon.ico
  page.put("title", "Vetting dossier: " + layout::fit(dossier.vendor, 100) + " (Assay)");
  page.style(html::style_sheet());
  page.style(dossier_style());
}

void write_contents(Writer& page, const Dossier& dossier) {
  Element nav = page.in("nav", {{"aria-label", "Images"}});
  Element list = page.in("ul");
  auto link = [&](const std::string& id, const std::string& words) {
    Element item = page.in("li");
    Element to = page.in("a", {{"href", "#" + id}});
    page.theirs(words, 60);
  };
  if (!dossier.compared.empty()) link("compared", "Compared");
  constexpr size_t kMaxLinks = 24;
  size_t links = 0;
  for (size_t at : by_standing(dossier))
    if (links++ < kMaxLinks) link(image_id(at), title_of(dossier.images[at]));
  link("making", "This dossier");
}

}  // namespace

std::string image_id(size_t index) { return "image-" + std::to_string(index + 1); }

std::string dossier_html(const Dossier& dossier) {
  Writer page;
  page.doctype();
  {
    Element root = page.in("html", {{"lang", "en"}});
    write_head(page, dossier);
    Element body = page.in("body");
    page.put("a", "Skip to the images", {{"class", "skip"}, {"href", "#images"}});
    write_first_page(page, dossier);
    write_contents(page, dossier);
    Element main = page.in("main");
    write_comparison(page, dossier);
    for (size_t at : by_standing(dossier)) write_image(page, dossier, at);
    write_making(page, dossier);
  }
  return page.take();
}

}  // namespace assay::decisions
