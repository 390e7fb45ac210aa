"""The one stylesheet of the HTML report: light and dark, wide and narrow, and on paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#1b2129;--soft:#5a6572;--line:#d9dee5;--code:#f1f3f6;
--pass:#1a7f37;--pass-bg:#dcf5e3;--fail:#c4232c;--fail-bg:#fde7e7;--doubt:#8a5a00;--doubt-bg:#fdf1cf;--skip:#68727e;
--skip-bg:#eceff2;--replay:#0b63c4;--replay-bg:#dcebfc;--band:#c4232c1c;--on:#fff}
@media(prefers-color-scheme:dark){:root{--bg:#0e1217;--card:#161b22;--ink:#e5ebf1;--soft:#9aa6b3;--line:#2b333d;
--code:#1d242d;--pass:#52c271;--pass-bg:#12331f;--fail:#ff7d75;--fail-bg:#431a1d;--doubt:#e2b33f;--doubt-bg:#3b2f0e;
--skip:#8b96a3;--skip-bg:#222a33;--replay:#6cb2ff;--replay-bg:#10294a;--band:#ff7d7526;--on:#10151b}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main,.top{max-width:1120px;margin:0 auto;padding:0 20px}
.top{padding-top:28px}
h1{font-size:30px;line-height:1.2;margin:4px 0 8px;letter-spacing:-.01em}
h2{font-size:20px;margin:36px 0 12px}
h3{font-size:17px;margin:0;font-weight:650}
h4{font-size:13px;margin:18px 0 6px;color:var(--soft);font-weight:600}
p{margin:8px 0}
a{color:inherit}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}
code{background:var(--code);border-radius:4px;padding:1px 5px;overflow-wrap:anywhere}
pre{background:var(--code);border-radius:8px;padding:10px 12px;margin:6px 0;overflow-x:auto;white-space:pre-wrap;
overflow-wrap:anywhere}
.brand{font-weight:650;color:var(--soft);margin:0}
.soft{color:var(--soft)}
.lead{color:var(--soft);margin:0 0 14px;overflow-wrap:anywhere}
.tiles{display:flex;flex-wrap:wrap;gap:10px;margin:16px 0 6px;padding:0;list-style:none}
.tiles li{flex:1 1 120px;background:var(--card);border:1px solid var(--line);border-top:4px solid var(--c);
border-radius:10px;padding:10px 14px}
.tiles b{display:block;font-size:26px;line-height:1.15;color:var(--c)}
.tiles .none{--c:var(--line)}.tiles .none b{color:var(--soft)}
.fail{--c:var(--fail);--c-bg:var(--fail-bg)}.pass{--c:var(--pass);--c-bg:var(--pass-bg)}
.inconclusive{--c:var(--doubt);--c-bg:var(--doubt-bg)}.skipped{--c:var(--skip);--c-bg:var(--skip-bg)}
.banner{background:var(--doubt-bg);color:var(--doubt);border-radius:8px;padding:8px 14px;font-weight:600}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 20px;margin:14px 0}
.scroll{overflow-x:auto;max-width:100%}
.matrix{border-collapse:separate;border-spacing:4px;width:100%}
.matrix th{font-weight:600;font-size:13px;color:var(--soft);padding:2px 4px;text-align:center}
.matrix th[scope=row]{text-align:left;color:var(--ink);position:sticky;left:0;background:var(--card);max-width:420px;
min-width:120px;overflow-wrap:anywhere;font-weight:500}
.matrix td{background:var(--c-bg);color:var(--c);text-align:center;border-radius:6px;min-width:44px;padding:0;
font-weight:700}
.matrix td a,.matrix td span{display:block;padding:5px 4px;text-decoration:none}
.matrix td a:hover,.matrix td a:focus{outline:2px solid var(--c);border-radius:6px}
.legend{display:flex;flex-wrap:wrap;gap:6px 16px;font-size:13px;color:var(--soft);margin:10px 0 0;padding:0;
list-style:none}
.legend b,.mark{color:var(--c)}
.swatch{display:inline-block;width:22px;height:10px;border-radius:3px;margin-right:6px;background:var(--c)}
.swatch.again{background:var(--fail)}.swatch.ran{background:var(--pass)}.swatch.replay{background:var(--replay)}
.swatch.refused,.swatch.answered{background:var(--skip)}
.swatch.maybe{background:var(--fail-bg);border:1.5px solid var(--fail)}.swatch.lost{border:1px dashed var(--doubt)}
.swatch.both{background:var(--band);border:1px dashed var(--fail)}
.story{border-left:5px solid var(--fail);scroll-margin-top:12px}
.story.conformance{border-left-color:var(--doubt)}
.story>header{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:baseline}
.pill{font-size:12px;font-weight:600;border-radius:99px;padding:2px 10px;background:var(--c-bg);color:var(--c);
white-space:nowrap}
.push{margin-left:auto}
.op{overflow-wrap:anywhere}
.what{font-size:17px;margin:10px 0}
.figure{margin:14px 0 6px}
figure{margin:0}
figcaption{font-size:13px;color:var(--soft);margin-bottom:8px}
.proof{display:flex;flex-wrap:wrap;gap:8px;margin:10px 0}
.proof li{background:var(--code);border-radius:8px;padding:6px 12px;font-size:14px}
.proof{padding:0;list-style:none}
dl.why{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:14px 0 6px}
dl.why dt{color:var(--soft);font-weight:600}
dl.why dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer;padding:4px 0}
summary:focus-visible{outline:2px solid var(--replay);border-radius:4px}
details.more{border-top:1px solid var(--line);margin-top:10px;padding-top:4px}
details.more>summary{font-weight:600}
.exchange{border:1px solid var(--line);border-radius:8px;margin:6px 0;padding:0 12px}
.exchange>summary{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:14px;list-style:none}
.exchange>summary::before{content:"\\25B8";color:var(--soft)}
.exchange[open]>summary::before{content:"\\25BE"}
.exchange>summary::-webkit-details-marker{display:none}
.exchange.again,.exchange.maybe{border-left:4px solid var(--fail)}.exchange.ran{border-left:4px solid var(--pass)}
.exchange.replay{border-left:4px solid var(--replay)}.exchange.lost{border-left:4px dashed var(--doubt)}
.tag{font-weight:700}
.tag.again,.tag.maybe{color:var(--fail)}.tag.ran{color:var(--pass)}.tag.replay{color:var(--replay)}.tag.lost{color:var(--doubt)}
.sides{display:grid;grid-template-columns:1fr 1fr;gap:12px;padding-bottom:10px}
.sides>div{min-width:0}
.sides h4{margin:6px 0 2px}
.headers td{padding:0 10px 0 0;font-size:12.5px;vertical-align:top;overflow-wrap:anywhere}
.headers td:first-child{color:var(--soft);white-space:nowrap}
.diff span{display:block;padding:0 6px;border-radius:3px}
.diff .del{background:var(--fail-bg);color:var(--fail)}.diff .ins{background:var(--pass-bg);color:var(--pass)}
.list{margin:0;padding:0;list-style:none}
.list li{padding:7px 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
.list li:first-child{border-top:0}
.checks{width:100%;border-collapse:collapse}
.checks td{border-top:1px solid var(--line);padding:5px 12px 5px 0;vertical-align:top;overflow-wrap:anywhere}
.checks td:nth-child(1){color:var(--c);font-weight:700;white-space:nowrap;width:1%}
.checks td:nth-child(2){white-space:nowrap;width:1%}
.checks td:nth-child(3){min-width:200px;width:24%}
footer{color:var(--soft);font-size:13px;max-width:1120px;margin:32px auto;padding:0 20px}
.timeline{display:block;width:100%;min-width:700px;max-width:1080px;height:auto;font-size:12.5px;
font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.timeline text{fill:var(--ink)}
.timeline .tick{fill:var(--soft);font-size:11px}
.timeline .grid{stroke:var(--line);stroke-width:1}
.timeline .late,.timeline .number,.timeline .soft{fill:var(--soft)}
.timeline .key{font-weight:600}.timeline .key .soft{font-weight:400}
.timeline .twice{fill:var(--fail);font-weight:700}
.timeline .both{fill:var(--skip-bg);opacity:.6}
.timeline .both.twice{fill:var(--band);stroke:var(--fail);stroke-dasharray:4 3;opacity:1}
.timeline .bar,.timeline .rest,.timeline .first{fill:var(--skip)}
.timeline .bar.again,.timeline .rest.again,.timeline .first.again{fill:var(--fail)}
.timeline .bar.ran,.timeline .rest.ran,.timeline .first.ran{fill:var(--pass)}
.timeline .bar.replay,.timeline .rest.replay,.timeline .first.replay{fill:var(--replay)}
.timeline .bar.lost{fill:none;stroke:var(--doubt);stroke-dasharray:4 3}.timeline .rest.lost{fill:none}
.timeline .bar.maybe,.timeline .rest.maybe{fill:var(--fail-bg);stroke:var(--fail);stroke-width:1.5}
.timeline .first.maybe,.timeline .maybe .inside,.timeline tspan.maybe{fill:var(--fail)}
.timeline .first.lost{fill:var(--doubt)}
.timeline .first{stroke:var(--card);stroke-width:1.5}
.timeline .release{stroke:var(--ink);stroke-width:1.5}
.timeline .inside{fill:var(--on);font-size:11px;font-weight:700}
.timeline .lost .inside{fill:var(--doubt)}
.timeline .again.status,.timeline tspan.again{fill:var(--fail);font-weight:700}
.timeline tspan.ran{fill:var(--pass);font-weight:700}.timeline tspan.replay{fill:var(--replay)}
.timeline tspan.lost{fill:var(--doubt)}
@media(max-width:720px){main,.top{padding:0 12px}.top{padding-top:16px}h1{font-size:24px}.card{padding:12px}
.sides{grid-template-columns:1fr}dl.why{grid-template-columns:1fr;gap:0}dl.why dd{margin-bottom:8px}
.tiles li{flex-basis:90px;padding:8px 10px}.tiles b{font-size:21px}.push{margin-left:0}.what{font-size:16px}
.matrix th[scope=row]{max-width:150px;font-size:12.5px}.checks,.checks tbody,.checks tr{display:block}
.checks td{display:inline;border:0;padding-right:8px}.checks td:nth-child(4){display:block}
.checks tr{border-top:1px solid var(--line);padding:6px 0}}
@media print{body{background:#fff}.card{break-inside:avoid}}
"""
