// The style sheet. System fonts, one accent a level, both colour schemes; below 960 px tables become stacked
// blocks; on paper folds are open and nothing is dark.
#include "scheduler/export/html_sections.h"

namespace assay::html {
namespace {

constexpr std::string_view kColours = R"css(
:root{color-scheme:light dark;
--page:#f5f6f8;--card:#fff;--ink:#1b2028;--dim:#566070;--line:#dde1e7;--soft:#eef0f4;--link:#1a56b0;
--critical:#a3123f;--high:#c0341d;--medium:#8f5a00;--low:#2b5f9e;--informational:#5b6472;
--malicious:#b3142f;--suspicious:#8f5a00;--clean:#1b6b3a;--inconclusive:#4b4f8f;
--bad:#b3142f;--warn:#8f5a00;--good:#1b6b3a;--quiet:#5b6472;--accent:#3a6ea5;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{
--page:#12151a;--card:#1a1e25;--ink:#e4e7ec;--dim:#9aa5b4;--line:#303641;--soft:#232830;--link:#86b7ff;
--critical:#ff7a9c;--high:#ff8a70;--medium:#eab154;--low:#86b7ff;--informational:#a3adba;
--malicious:#ff7d8c;--suspicious:#eab154;--clean:#6fcf97;--inconclusive:#aab0ff;
--bad:#ff7d8c;--warn:#eab154;--good:#6fcf97;--quiet:#a3adba;--accent:#6ea3d8}}
)css";

constexpr std::string_view kPage = R"css(
*{box-sizing:border-box}
html{scroll-padding-top:3.2rem;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:76rem;padding:0 1.5rem 4rem;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:2px}
code,pre{font-family:var(--mono);font-size:.86em}
bdi{unicode-bidi:isolate}
h1,h2,h3,h4,p,ul,ol,dl{margin:0}
h1{font-size:1.35rem;line-height:1.3;font-family:var(--mono);font-weight:600}
h2{font-size:1.15rem;margin-bottom:.6rem}
h2 small{color:var(--dim);font-weight:400;font-size:.85rem;margin-left:.4rem}
h3{font-size:.98rem;margin:1rem 0 .4rem}
h4{font-size:.85rem;margin:.8rem 0 .3rem;color:var(--dim);font-weight:600}
ul,ol{padding-left:1.2rem}
small,.dim{color:var(--dim)}
small{font-size:.82rem}
.hint,.none,.cut{color:var(--dim);font-size:.88rem}
.hint{max-width:52rem;margin-bottom:.8rem}
p.cut{margin-top:.5rem}
span.cut{margin-left:.3rem;font-style:italic}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem .8rem;z-index:3}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1.1rem 1.25rem 1.25rem;margin-top:1rem}
.badge{display:inline-block;font-size:.74rem;font-weight:600;line-height:1.35;padding:0 .45em;border-radius:4px;
border:1px solid currentColor;margin-right:.3em;vertical-align:.08em;white-space:nowrap}
.badge bdi{white-space:normal}
.badge{max-width:100%;overflow:clip}
.critical{--c:var(--critical)}.high{--c:var(--high)}.medium{--c:var(--medium)}.low{--c:var(--low)}
.informational{--c:var(--informational)}
.bad{--c:var(--bad)}.warn{--c:var(--warn)}.good{--c:var(--good)}.quiet{--c:var(--quiet)}
.badge{color:var(--c,var(--quiet))}
.badge.critical,.badge.high{background:var(--c);color:var(--card);border-color:var(--c);print-color-adjust:exact;-webkit-print-color-adjust:exact}
.points{float:right;color:var(--dim);font-weight:400;font-size:.85rem;margin-left:.6rem}
dl.facts{display:grid;grid-template-columns:minmax(6rem,max-content) minmax(0,1fr);gap:.2rem 1rem;font-size:.92rem}
dl.facts dt{color:var(--dim)}
dl.facts dd{margin:0;min-width:0}
ul.plain{list-style:none;padding:0}
summary{cursor:pointer}
details>summary{color:var(--link)}
pre{background:var(--soft);border-radius:6px;padding:.7rem .9rem;white-space:pre-wrap;max-height:30rem;overflow:auto;margin:0}
)css";

constexpr std::string_view kTop = R"css(
.top{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--v);border-radius:0 0 8px 8px;
padding:1rem 1.25rem 1.25rem}
.malicious{--v:var(--malicious)}.suspicious{--v:var(--suspicious)}.clean{--v:var(--clean)}.inconclusive{--v:var(--inconclusive)}
.brand{color:var(--dim);font-size:.85rem;margin-bottom:.3rem}
.verdict{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1rem 1rem;color:var(--v);margin-top:.5rem}
.verdict strong{font-size:2.3rem;line-height:1.15;letter-spacing:-.01em}
.score{color:var(--dim)}
.score b{font-size:1.6rem;color:var(--v)}
.why{font-size:1.05rem;max-width:60rem;margin:.3rem 0 .9rem}
.ran{color:var(--dim);font-size:.92rem;margin-top:.7rem}
.bar{position:relative;max-width:44rem;padding-bottom:1.4rem}
.bar-track{display:flex;height:14px;background:var(--soft);border-radius:7px;overflow:hidden;box-shadow:inset 0 0 0 1px var(--line)}
.part{background:var(--c);border-right:2px solid var(--card)}
.threshold{position:absolute;top:0;height:100%;border-left:2px solid var(--ink);padding-left:.35rem;font-size:.75rem;
color:var(--dim);display:flex;align-items:flex-end;line-height:1.2;white-space:nowrap}
.figures{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.5rem;margin-top:1rem}
.figures a{display:block;height:100%;border:1px solid var(--line);border-radius:6px;padding:.45rem .7rem;text-decoration:none;color:inherit}
.figures a:hover,.figures a:focus{border-color:var(--link)}
.figures strong{font-size:1.2rem}
.figures small{display:block;color:var(--c,var(--dim))}
nav{position:sticky;top:0;z-index:2;background:var(--page);border-bottom:1px solid var(--line);padding:.5rem 0;margin-top:.4rem}
nav ul{list-style:none;padding:0;display:flex;gap:.2rem 1rem;flex-wrap:wrap;font-size:.88rem}
nav a{text-decoration:none;white-space:nowrap}
nav a:hover{text-decoration:underline}
)css";

constexpr std::string_view kTables = R"css(
table{border-collapse:collapse;width:100%;font-size:.9rem;margin-top:.6rem}
caption{text-align:left;color:var(--dim);font-size:.85rem;padding-bottom:.25rem}
th,td{text-align:left;vertical-align:top;padding:.32rem .8rem .32rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--dim);font-size:.8rem;white-space:nowrap}
td{overflow-wrap:normal}
td.wide{overflow-wrap:anywhere}
td.number,td.short{width:1%;white-space:nowrap;padding-right:1.3rem}
td.short bdi{display:inline-block;max-width:8rem;white-space:normal;overflow-wrap:break-word}
td.short .badge{max-width:8rem}
table.quiet caption,table.quiet thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table.quiet td{padding:.15rem 1rem .15rem 0;border:0}
table.quiet td.number{color:var(--dim);font-size:.86rem}
td:last-child,th:last-child{padding-right:0}
td.number{white-space:nowrap;font-variant-numeric:tabular-nums}
td.wide{min-width:9rem}
.under{font-size:.92em;color:var(--dim);display:flex;flex-wrap:wrap;gap:.1rem .6rem}
)css";

constexpr std::string_view kFindings = R"css(
.finding,.token{border-left:4px solid var(--c,var(--line));padding:.1rem 0 .2rem 1rem;margin-top:1.3rem}
.finding:first-of-type{margin-top:.4rem}
.finding h3,.token h3{margin:0 0 .3rem;font-size:1.03rem;display:flow-root}
.finding h3 .badge,.token h3 .badge{margin-right:.5em}
.finding .what{max-width:52rem}
.token{--c:var(--warn)}.token.sent{--c:var(--bad)}
.token ul{list-style:none;padding:0;font-size:.92rem}
.techniques{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3rem .5rem;margin-top:.5rem;font-size:.85rem}
.techniques li{background:var(--soft);border-radius:4px;padding:.05rem .5rem}
.ancestry{list-style:none;padding:0;font-size:.9rem;margin-top:.35rem}
.ancestry li{display:inline}
.ancestry li::before{content:"by ";color:var(--dim)}
.ancestry li+li::before{content:" › "}
.origin{color:var(--dim);font-size:.85rem;margin-top:.35rem}
details.more{margin-top:.5rem}
details.more>summary,.finding details>summary{font-size:.9rem}
.matrix{display:grid;grid-template-columns:repeat(auto-fill,minmax(11.5rem,1fr));gap:.7rem}
.tactic h3{margin:0 0 .4rem;padding-bottom:.3rem;border-bottom:2px solid var(--line);font-size:.92rem}
.tactic h3 small{display:block;font-weight:400;font-size:.78rem}
.tactic ul{list-style:none;padding:0;display:grid;gap:.35rem}
.tactic li{border:1px solid var(--c);border-left-width:4px;border-radius:4px;padding:.2rem .5rem;font-size:.87rem;line-height:1.35}
.tactic a{color:inherit;text-decoration:none;display:block}
.tactic a:hover{text-decoration:underline}
.tactic code{color:var(--c);font-weight:600;margin-right:.15rem}
.tactic small{display:block}
)css";

constexpr std::string_view kTimeline = R"css(
.axis,.lane li{display:grid;grid-template-columns:17rem minmax(0,1fr) 8.5rem;gap:0 .8rem;align-items:center}
.axis{margin-top:1rem;border-bottom:1px solid var(--line)}
.axis h3{margin:0;font-size:.9rem}
.axis .track{height:1.3rem;position:relative;background:none}
.axis .track span{position:absolute;bottom:0;font-size:.75rem;color:var(--dim);padding-left:.2rem;border-left:1px solid var(--line);white-space:nowrap}
.lane{list-style:none;padding:0;font-size:.87rem}
.lane li:hover{background:var(--soft)}
.lane .label{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.lane .when{color:var(--dim);text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;font-size:.8rem}
.track{position:relative;height:1.35rem;background:repeating-linear-gradient(to right,var(--line) 0 1px,transparent 1px var(--step))}
.track i{position:absolute;background:var(--c,var(--accent));print-color-adjust:exact;-webkit-print-color-adjust:exact}
.track i.span{top:.4rem;height:.55rem;border-radius:3px;min-width:3px}
.track i.moment{top:.32rem;width:.7rem;height:.7rem;margin-left:-.35rem;border-radius:50%;border:2px solid var(--card)}
.track i.again{top:.47rem;width:.4rem;height:.4rem;margin-left:-.2rem;border:0;opacity:.75}
.track i.phase{--c:var(--quiet)}.track i.provoked{--c:var(--quiet);opacity:.6}
)css";

constexpr std::string_view kTree = R"css(
.tree{list-style:none;padding:0;font-size:.9rem}
.tree .tree{padding-left:.55rem;margin-left:.35rem;border-left:1px solid var(--line)}
.tree li{padding:.12rem 0}
.tree summary,.tree details>summary{color:inherit}
.tree div.process{padding-left:1.05rem}
.pid{color:var(--dim);font-variant-numeric:tabular-nums;font-size:.8rem}
.process small{margin-left:.3rem}
.strange>code{color:var(--bad);font-weight:600}
.failed{color:var(--warn)}
details.quiet{margin-top:.8rem}
)css";

constexpr std::string_view kMap = R"css(
.map{display:grid;grid-template-columns:max-content minmax(0,1fr)}
.guest{align-self:start;position:sticky;top:3.5rem;border:2px solid var(--accent);border-radius:6px;padding:.3rem .8rem;margin-top:.2rem;text-align:center}
.guest code{display:block;color:var(--dim)}
.hosts{list-style:none;padding:0;margin-left:1.4rem;border-left:2px solid var(--accent)}
.host{position:relative;padding:.15rem 0 .6rem 3.6rem}
.host::before{content:"";position:absolute;left:0;top:.9rem;width:2.7rem;height:var(--thick,1px);transform:translateY(-50%);background:var(--accent);print-color-adjust:exact;-webkit-print-color-adjust:exact}
.host::after{content:"";position:absolute;left:2.6rem;top:.9rem;transform:translateY(-50%);border:6px solid transparent;border-left-color:var(--accent)}
.accused::before{background:var(--bad)}
.accused::after{border-left-color:var(--bad)}
.accused .who strong{color:var(--bad)}
.who a{font-size:.85rem}
.ports{list-style:none;padding:0;font-size:.88rem}
.ports>li{display:grid;grid-template-columns:5.5rem minmax(0,1fr);gap:0 .8rem}
.ports>li>.said{grid-column:2}
.traffic{color:var(--dim)}
.said{color:var(--dim)}
.said ul{list-style:none;padding:0}
.said code{color:var(--ink)}
.names{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.25rem .5rem;font-size:.9rem}
.names li{background:var(--soft);border-radius:4px;padding:.05rem .5rem}
)css";

constexpr std::string_view kRest = R"css(
.share{display:flex;height:12px;max-width:44rem;background:var(--soft);border-radius:6px;overflow:hidden;box-shadow:inset 0 0 0 1px var(--line);margin-bottom:.3rem}
.share .alone{background:var(--accent)}
.share .asked{background:var(--quiet);opacity:.55}
.part,.share span,.bar-track,.share{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.layers{list-style:none;padding:0}
.layer{border-left:4px solid var(--line);padding:.1rem 0 .3rem 1rem;margin-top:.8rem;font-size:.92rem}
.layer.blamed{border-left-color:var(--bad)}
.blame{margin-top:.25rem}
.blame>span{margin-right:.7rem}
.command{margin-top:.8rem;background:var(--soft);border-radius:6px;padding:.6rem .9rem}
)css";

constexpr std::string_view kNarrow = R"css(
@media screen and (max-width:960px){
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table,tbody,tr,caption{display:block;width:100%}
tr{border-bottom:1px solid var(--line);padding:.45rem 0}
td,td.number,td.short,table.quiet td{white-space:normal;overflow-wrap:anywhere;max-width:100%;border:0;padding:0;width:auto;display:inline-block;margin-right:.9rem}
td.wide,table.quiet td.wide{display:block;margin:0}
td::before{content:attr(data-head) " ";color:var(--dim);font-size:.8rem}
td[data-head=""]::before{content:none}
td.short bdi,td.short .badge{max-width:100%;overflow-wrap:anywhere}
}
@media screen and (min-width:961px) and (max-width:1100px){section{overflow-x:auto}}
@media screen and (max-width:640px){
body{padding:0 .6rem 3rem;font-size:15px}
section,.top{padding:.9rem .8rem 1rem}
.verdict strong{font-size:1.9rem}
.badge,td.short .badge{white-space:normal;max-width:100%}
.figures{grid-template-columns:repeat(2,minmax(0,1fr))}
nav ul{flex-wrap:nowrap;overflow-x:auto;padding-bottom:.2rem}
dl.facts{grid-template-columns:minmax(0,1fr);gap:0}
dl.facts dd{margin-bottom:.35rem}
.matrix{grid-template-columns:minmax(0,1fr)}
.axis,.lane li{grid-template-columns:minmax(0,1fr) max-content;gap:0 .5rem}
.axis .track,.lane .track{grid-column:1/-1;grid-row:2}
.lane li{padding:.12rem 0}
.lane .track{height:.95rem}
.track i.span{top:.2rem}.track i.moment{top:.12rem}.track i.again{top:.27rem}
.map{grid-template-columns:minmax(0,1fr)}
.guest{position:static;justify-self:start}
.hosts{margin-left:.8rem}
.host{padding-left:1.7rem}
.host::before{width:1rem}
.host::after{left:.9rem}
.ports>li{grid-template-columns:minmax(0,1fr)}
.ports>li>.said{grid-column:1}
.tree .tree{padding-left:.3rem;margin-left:.2rem}
}
)css";

constexpr std::string_view kPrint = R"css(
@media print{
:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--dim:#444;--line:#bbb;--soft:#f2f2f2;--link:#000;
--critical:#a3123f;--high:#c0341d;--medium:#8f5a00;--low:#2b5f9e;--informational:#5b6472;
--malicious:#b3142f;--suspicious:#8f5a00;--clean:#1b6b3a;--inconclusive:#4b4f8f;
--bad:#b3142f;--warn:#8f5a00;--good:#1b6b3a;--quiet:#5b6472;--accent:#3a6ea5}
body{font-size:9.5pt;max-width:none;padding:0}
nav,.skip{display:none}
section,.top{border:0;border-top:1px solid #bbb;border-radius:0;padding:.6rem 0}
.top{border-top:4px solid var(--v)}
.guest{position:static}
h2,h3,h4,caption,thead{break-after:avoid}
tr,.lane li,.tactic,.host,.layer,.token,.figures{break-inside:avoid}
thead{display:table-header-group}
details::details-content{content-visibility:visible!important;block-size:auto!important;height:auto!important;display:block!important}
pre{max-height:none}
td.wide{min-width:5rem}
a{text-decoration:none}
}
@page{margin:14mm 12mm}
)css";

}  // namespace

std::string style_sheet() {
  std::string out;
  for (std::string_view part :
       {kColours, kPage, kTop, kTables, kFindings, kTimeline, kTree, kMap, kRest, kNarrow, kPrint})
    out += part;
  return out;
}

}  // namespace assay::html
