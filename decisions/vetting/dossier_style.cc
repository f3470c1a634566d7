// What a dossier has beside the reports' style sheet: totals, marks of standing, and a page that prints:
// numbered pages (CSS Paged Media 3, margin boxes: Chromium has them since 131), heads of tables on each
// page, every image on a page of its own.
#include "decisions/vetting/dossier_html.h"

namespace assay::decisions {

std::string_view dossier_style() {
  return R"css(
.dossier h1{font-family:inherit;font-size:1.9rem;letter-spacing:-.01em}
.summary{font-size:1.15rem;margin:.2rem 0 .8rem}
.totals{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.5rem}
.totals li{border:1px solid var(--line);border-top:3px solid var(--t,var(--quiet));border-radius:0 0 6px 6px;padding:.25rem .9rem .35rem;min-width:6.2rem}
.totals strong{display:block;font-size:1.6rem;line-height:1.15;color:var(--t,var(--ink))}
.totals span{font-size:.85rem;color:var(--dim)}
.totals .none strong{color:var(--dim);font-weight:500}
.totals .malicious{--t:var(--malicious)}.totals .deviates,.totals .refused{--t:var(--high)}
.totals .failed,.totals .inconclusive{--t:var(--inconclusive)}.totals .accepted{--t:var(--clean)}
.given{color:var(--dim);font-size:.88rem;margin-top:.7rem;display:flex;flex-wrap:wrap;gap:.1rem 1.4rem}
.badge[class*=standing-]{font-size:.72rem;letter-spacing:.03em;padding:.05em .5em;margin:0;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.badge.standing-malicious,.badge.standing-deviates,.badge.standing-refused{background:var(--c);border-color:var(--c);color:var(--card)}
.standing-malicious{--c:var(--malicious)}.standing-deviates,.standing-refused{--c:var(--high)}
.standing-failed,.standing-inconclusive{--c:var(--inconclusive)}.standing-accepted{--c:var(--clean)}
.badge.standing-accepted,.badge.standing-failed,.badge.standing-inconclusive{color:var(--c)}
#images table{margin-top:1rem}
#images td.name{min-width:7rem;padding-right:1rem}
td.standing .badge{max-width:none}
.marks{margin-bottom:.5rem}
.marks .badge{margin-right:.4rem}
.image dl.facts{margin:.7rem 0 .2rem}
.image h3{border-top:1px solid var(--line);padding-top:.7rem}
h4.deviation{font-size:.95rem;color:var(--ink);margin:0 0 .2rem}
.image .finding{margin-top:.7rem}
.change{margin-top:.8rem}
.change li{font-size:.92rem}
@media print{
.dossier{padding-top:.4rem}
.summary{margin-bottom:.5rem}
.totals li{padding:.15rem .7rem .25rem}
#images td,#images th{padding-top:.25rem;padding-bottom:.25rem}
main>section{break-before:page;border-top:0}
#making{break-before:auto;border-top:1px solid #bbb}
.finding,.change,.totals{break-inside:avoid}
.image h3,.image h4{break-after:avoid}
.badge.standing-malicious,.badge.standing-deviates,.badge.standing-refused{color:#fff}
}
@page{size:A4;margin:14mm 12mm 16mm;
@bottom-left{content:"Assay vetting dossier";font:8pt system-ui,sans-serif;color:#555}
@bottom-right{content:counter(page) " of " counter(pages);font:8pt system-ui,sans-serif;color:#555}}
)css";
}

}  // namespace assay::decisions
