#include "report/report_style.h"

namespace soakwatch {

// A measure of text that is pleasant to read, figures in columns of equal width, two colours that
// mean something (the series, the alert) and greys. Plots are as wide as the text.
std::string_view report_style() {
  return R"css(
:root{color-scheme:light dark;
--bg:#fcfcfa;--panel:#f4f3ef;--ink:#1d1f21;--soft:#5d6166;--faint:#8b8f94;--rule:#dfddd6;
--series:#2b5f8f;--band:#2b5f8f2e;--alert:#b3261e;--alert-zone:#b3261e12;--warn:#8a5a00;--good:#2b6b3f;
--gap:#7773691c;--capture:#6b4fa0;--hover:#2b5f8f1f}
@media (prefers-color-scheme:dark){:root{
--bg:#16181a;--panel:#1f2225;--ink:#e4e3df;--soft:#a5a8ab;--faint:#7d8184;--rule:#34383c;
--series:#7db2e0;--band:#7db2e033;--alert:#ff8a7a;--alert-zone:#ff8a7a17;--warn:#e2b45a;--good:#86c99a;
--gap:#c8c4b81a;--capture:#b9a2ec;--hover:#7db2e026}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Ubuntu,Cantarell,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:60rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
p{margin:.6rem 0;max-width:44rem}
code,pre{font-family:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.875em}
code{overflow-wrap:anywhere}
.kicker{color:var(--soft);font-size:.875rem;margin:0 0 1.25rem;display:flex;flex-wrap:wrap;gap:.2rem .9rem;max-width:none}
.kicker b{color:var(--ink)}
h1{font:600 2rem/1.2 Charter,"Bitstream Charter","Iowan Old Style",Cambria,Georgia,serif;
margin:.5rem 0 1rem;max-width:40rem;text-wrap:balance;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font:600 1.3rem/1.3 Charter,"Bitstream Charter","Iowan Old Style",Cambria,Georgia,serif;
margin:3rem 0 .9rem;padding-top:.9rem;border-top:1px solid var(--rule)}
h3{font-size:1.05rem;line-height:1.35;margin:0;font-weight:650}
.verdict{display:inline-block;font-size:.8rem;font-weight:650;letter-spacing:.02em;line-height:1;
padding:.42em .7em;border-radius:3px;color:var(--bg);background:var(--soft)}
.verdict.bad{background:var(--alert)}.verdict.warn{background:var(--warn)}.verdict.good{background:var(--good)}
.open{background:var(--panel);padding:.7rem .95rem;margin:1rem 0;border-radius:4px;display:flex;flex-wrap:wrap;
gap:.15rem .8rem;align-items:baseline;max-width:none}
.open span{color:var(--soft);font-size:.875rem}
.open code{font-weight:600;font-size:.95em}
.summary p:first-child{font-size:1.06rem}
.quiet{color:var(--soft);font-size:.9rem}
nav{font-size:.875rem;margin:1.6rem 0 0;display:flex;flex-wrap:wrap;gap:.25rem 1rem}
a{color:var(--series);text-decoration:none}a:hover{text-decoration:underline}
dl{display:grid;grid-template-columns:8.5rem minmax(0,1fr);gap:.3rem 1rem;margin:.8rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.4}
th{text-align:left;font-weight:500;color:var(--soft);border-bottom:1px solid var(--rule);vertical-align:bottom}
td{border-bottom:1px solid var(--rule);vertical-align:top}
tr:last-child td{border-bottom:0}
th,td{padding:.38rem .9rem .38rem 0}th:last-child,td:last-child{padding-right:0}
.n{text-align:right;white-space:nowrap}.w{white-space:nowrap}
td code{display:inline-block;min-width:11rem}.n code{min-width:0}
pre{white-space:pre-wrap;background:var(--panel);padding:.8rem .95rem;margin:.4rem 0 1rem;border-radius:4px;line-height:1.5}
pre code{display:block;padding-left:1.6em;text-indent:-1.6em;font-size:1em}
.what{margin:1rem 0 0;color:var(--soft);font-size:.9rem}
ul{padding-left:1.15rem;margin:.7rem 0;max-width:48rem}li{margin:.25rem 0;overflow-wrap:anywhere}
.issue{margin:1.4rem 0 2.4rem;padding-left:1.1rem;border-left:3px solid var(--rule)}
.issue.critical{border-color:var(--alert)}.issue.warning{border-color:var(--warn)}
.issue header{display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:baseline}
.state{font-size:.85rem;color:var(--soft)}
.critical .state{color:var(--alert)}.warning .state{color:var(--warn)}
details{margin:.9rem 0}summary{cursor:pointer;color:var(--series);font-size:.92rem}
figure{margin:1.7rem 0 0}
figcaption{display:flex;flex-wrap:wrap;gap:0 .9rem;align-items:baseline;margin-bottom:.2rem;font-size:.9rem;color:var(--soft)}
figcaption b{color:var(--ink);font-weight:600;font-size:1rem}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.3rem;font-size:.85rem;color:var(--soft);margin:.2rem 0 0;max-width:none}
.legend svg{width:22px;height:12px;vertical-align:-1px;margin-right:.4rem;overflow:visible}
.plot{display:block;width:calc(100% - 4.6rem);margin-left:4.6rem;overflow:visible;font-size:12px}
.plot text{fill:var(--soft)}
.plot .y{text-anchor:end}
.grid{stroke:var(--rule);stroke-width:1;shape-rendering:crispEdges}
.tick{stroke:var(--faint);stroke-width:1;shape-rendering:crispEdges}
.band{fill:var(--band);stroke:var(--band);stroke-width:1}
.line{fill:none;stroke:var(--series);stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.floor{fill:none;stroke:var(--soft);stroke-width:1.3;stroke-dasharray:5 4}
.floor.hot{stroke:var(--alert);stroke-width:1.6}
.band,.line,.floor{vector-effect:non-scaling-stroke}
rect.alert{fill:var(--alert-zone)}rect.gap{fill:var(--gap)}
.fired{stroke:var(--alert);stroke-width:1.5}
.plot .flag{fill:var(--alert);font-weight:600}
.restart{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:1.5 3}
.capture path{fill:var(--capture)}
.hover rect{fill:transparent}.hover rect:hover{fill:var(--hover)}
footer{margin-top:3.5rem;padding-top:.9rem;border-top:1px solid var(--rule);color:var(--soft);font-size:.85rem}
@media (max-width:40rem){main{padding:1.4rem 1rem 3rem}h1{font-size:1.55rem}h2{margin-top:2.3rem}
dl{grid-template-columns:minmax(0,1fr);gap:0}dt{margin-top:.55rem;font-size:.875rem}dt:empty{display:none}
.second{display:none}.issue{padding-left:.8rem}.plot{width:calc(100% - 4rem);margin-left:4rem;font-size:11px}
table{font-size:.85rem}th,td{padding-right:.7rem}}
@media print{:root{color-scheme:light;--bg:#fff;--panel:#f6f6f4;--ink:#000;--soft:#444;--faint:#777;--rule:#ccc;
--series:#1f4f7c;--band:#1f4f7c2e;--alert:#a31a12;--alert-zone:#a31a1212;--warn:#7a4f00;--good:#1f5a31;
--gap:#0000000f;--capture:#553a8a}
body{font-size:10.5pt}main{max-width:none;padding:0}nav{display:none}h2{margin-top:1.6rem}
h2,h3,figcaption,.what{break-after:avoid}figure,tr,pre,.open{break-inside:avoid}
.scroll{overflow:visible}
.verdict,rect,.band{-webkit-print-color-adjust:exact;print-color-adjust:exact}a{color:inherit}}
)css";
}

std::string_view report_style_sha256() { return "76l5tbEvhWQX4sZXRC639UtIukUdA6tGz8mdohb0DQo="; }

}  // namespace soakwatch
