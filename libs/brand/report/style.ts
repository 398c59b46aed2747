/** The style of the page: light and dark, wide and narrow, on screen and on paper. */
import { html } from './html.ts';

export const STYLE = html`<style>
:root{--ground:#f6f7f9;--surface:#fff;--ink:#1b2330;--soft:#5a6474;--line:#dfe3e9;--track:#e9ecf1;--own:#2a62d4;--rival:#9aa5b5;--good:#1c8a78;--flat:#c3cad4;--bad:#cf5b2e;--mark:#fff0b8;--warn:#8a5a00;--warn-ground:#fff6df}
@media (prefers-color-scheme:dark){:root{--ground:#12161d;--surface:#1a2029;--ink:#e6eaf0;--soft:#9aa6b6;--line:#2c3541;--track:#28313d;--own:#78a6ff;--rival:#6f7d90;--good:#45b8a3;--flat:#56616f;--bad:#f08a5d;--mark:#4d4318;--warn:#ffd27a;--warn-ground:#372c12}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}
main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:34px;line-height:1.2;margin:0}h2{font-size:20px;margin:0 0 6px}h3{font-size:16px;margin:22px 0 8px}
header{padding:6px 0 18px}header p{margin:4px 0;color:var(--soft)}.kind{text-transform:uppercase;letter-spacing:.08em;font-size:13px}
section{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:20px 22px;margin:16px 0}
.note{color:var(--soft);margin:0 0 12px;max-width:76ch}.warning{background:var(--warn-ground);color:var(--warn)!important;border-radius:8px;padding:8px 12px;margin:8px 0 12px!important}
small,.detail{color:var(--soft);font-size:12.5px}
.banner{background:var(--warn-ground);color:var(--warn);border-radius:10px;padding:12px 16px;margin:0 0 18px;font-weight:600}.banner.urgent{border-inline-start:6px solid var(--bad)}
.summary{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:16px;margin:0 0 16px}.summary>div{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:16px 18px}.summary>div:only-child{grid-column:1/-1}
.lead{font-size:18px;line-height:1.45;margin:0 0 6px}.sure{margin:0 0 10px;color:var(--soft)}.advice ol{margin:6px 0 0;padding-inline-start:1.2em}.advice li{margin:0 0 10px}.advice li.high::marker{color:var(--bad);font-weight:700}
.standings td:last-child,.standings td:nth-child(3){text-align:end}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin:0}
.cards div{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:12px 14px}
.cards dt{color:var(--soft);font-size:13px}.cards dd{margin:0;font-size:26px;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}.cards dd.detail{font-size:12.5px;font-weight:400;line-height:1.4}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:8px 36px}
.scroll{overflow-x:auto;margin:6px 0 14px}.scroll:focus-visible{outline:2px solid var(--own)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:start;font-weight:600;padding:6px 0 2px}
th,td{text-align:start;padding:6px 10px 6px 0;border-bottom:1px solid var(--line);vertical-align:middle;font-weight:400;overflow-wrap:break-word}td{min-width:3.4em}th[scope=row]{min-width:min(30vw,8em)}
thead th{color:var(--soft);font-size:12.5px;vertical-align:bottom}tbody tr:last-child>*{border-bottom:0}
strong.own,b.own{color:var(--own)}.value{font-weight:600;white-space:nowrap}
.bars th[scope=row]{width:26%;min-width:84px}.bars td:nth-child(2){min-width:96px}.bars td:last-child{white-space:nowrap}
.wide-bars td:nth-child(3){min-width:96px}.wide-bars td:nth-child(2){width:34%}
.row-chart{display:block;width:100%;height:16px;overflow:visible}
.track{fill:var(--track)}.own{fill:var(--own)}.rival{fill:var(--rival)}.thin{opacity:.55}.maybe{opacity:.22}.maybe.own{fill:var(--own)}.maybe.rival{fill:var(--rival)}
.by-us{fill:var(--own)}.by-rival{fill:var(--bad)}.by-others{fill:var(--flat)}.positive,.whole{fill:var(--good)}.neutral{fill:var(--flat)}.negative,.failed{fill:var(--bad)}.partial{fill:var(--rival)}.pending{fill:var(--flat)}
rect.fill.rival{fill:var(--rival)}
.whisker{fill:none;stroke:var(--ink);stroke-width:1.5;vector-effect:non-scaling-stroke}.zero{stroke:var(--ink);stroke-width:1;vector-effect:non-scaling-stroke}
.key{white-space:nowrap;margin-inline-end:10px}.key::before{content:"";display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-inline-end:.4em;background:var(--flat)}
.key.positive::before,.key.whole::before{background:var(--good)}.key.by-us::before{background:var(--own)}.key.negative::before,.key.failed::before,.key.by-rival::before{background:var(--bad)}.key.partial::before{background:var(--rival)}.key.pending::before{background:var(--flat)}
.thin-mark,.badge{font-size:11.5px;border:1px solid var(--line);border-radius:99px;padding:0 7px;color:var(--soft);text-decoration:none;font-weight:400;white-space:nowrap}
.matrix{width:auto;min-width:60%}.matrix th[scope=row]{min-width:min(34vw,150px);max-width:320px}.matrix td{text-align:center;min-width:88px;padding:7px 8px;border:2px solid var(--surface);border-radius:6px;background:var(--track);line-height:1.3}.matrix thead th{text-align:center;padding:4px 8px}.matrix thead th:first-child{text-align:start}
.matrix b{font-size:17px}
.rank-1{background:color-mix(in srgb,var(--own) 46%,var(--surface))!important}.rank-2{background:color-mix(in srgb,var(--own) 32%,var(--surface))!important}.rank-3{background:color-mix(in srgb,var(--own) 21%,var(--surface))!important}.rank-4{background:color-mix(in srgb,var(--own) 12%,var(--surface))!important}.rank-5{background:color-mix(in srgb,var(--own) 6%,var(--surface))!important}
.rank-1 small,.rank-2 small{color:inherit}
.absent{background:repeating-linear-gradient(135deg,var(--track) 0 5px,var(--surface) 5px 10px)!important}.void{background:none!important;border:1px dashed var(--line)!important}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,280px),1fr));gap:16px}figure{margin:0}figcaption{font-weight:600;font-size:13.5px}
.lines{display:block;width:100%;max-width:380px;height:auto}.lines text{font-size:10px;fill:var(--soft)}.grid{stroke:var(--line)}
path.line{fill:none;stroke-width:1.4;stroke:var(--rival)}path.line.own{stroke:var(--own);stroke-width:2.6}.lines .whisker{stroke:var(--own);opacity:.45;stroke-width:2}
.facts{display:grid;grid-template-columns:minmax(100px,180px) 1fr;gap:6px 16px;margin:8px 0 0}.facts dt{color:var(--soft)}.facts dd{margin:0}.facts ol{margin:0;padding-inline-start:1.3em}
.answer{border:1px solid var(--line);border-radius:8px;margin:6px 0;padding:0 12px}.answer summary{cursor:pointer;padding:8px 0}.answer .model{font-weight:600;margin-inline-end:8px}
.said{border-top:1px solid var(--line);padding:10px 0;margin:0;max-width:80ch}mark{background:var(--mark);color:inherit;border-radius:3px}.said b{border-bottom:2px solid var(--rival)}.said b.own{border-color:var(--own)}
.said p{margin:0 0 6px;white-space:pre-wrap}.said-heading{font-weight:650}.said-item{padding-inline-start:1.2em;text-indent:-.6em}.depth-1{margin-inline-start:1.2em!important}.depth-2,.depth-3,.depth-4{margin-inline-start:2.4em!important}.said-row{display:flex;gap:12px;border-bottom:1px solid var(--line)}.said-row span{flex:1}.said-row span:empty{display:none}
.cited ul{margin:2px 0 10px;padding-inline-start:1.2em}a{color:var(--own)}
@media (max-width:760px){.summary{grid-template-columns:1fr}}
@media (max-width:560px){main{padding:16px 10px 40px}section{padding:14px 12px}h1{font-size:27px}.cards{grid-template-columns:1fr 1fr;gap:8px}.cards dd{font-size:21px}.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:8px}.bars th[scope=row]{width:30%}.bars td:last-child{white-space:normal}}
@media print{.summary{grid-template-columns:3fr 2fr;break-inside:avoid}.banner{border:1px solid #8a5a00}:root{--ground:#fff;--surface:#fff;--ink:#000;--soft:#444;--line:#ccc;--track:#eee;--own:#1d4fb8;--rival:#8a95a5;--good:#1c8a78;--flat:#c3cad4;--bad:#cf5b2e;--mark:#fff0b8}body{font-size:11pt}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none;padding:0}section{border:0;padding:8px 0;break-inside:auto}tr,figure,.cards div{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}.answer:not([open]){display:none}}
</style>`;
