// Writes the frame of a report page: its head, style, script and controls.
//
// The page is also well-formed XML, so that simple tools can check it: void elements are
// closed, and the script has no < and &.  The policy in the head makes browsers refuse to
// load anything from elsewhere.
#include <stdlib.h>

#include "apps/report/report_parts.h"

static const char *const style[] = {
    // Colours: all text has a contrast of 4.5 : 1 or more.
    ":root { color-scheme: light dark; --page: #faf9f7; --card: #fff; --text: #1f2023;\n"
    "  --soft: #5c5e64; --line: #dfddd7; --accent: #24588c; --missed: #a3201b;\n"
    "  --alarm: #854800; --review: #61479a; --right: #1c6640; --one: #41698f;\n"
    "  --two: #c2540a; }\n",
    "@media (prefers-color-scheme: dark) { :root { --page: #141517; --card: #1d1f22;\n"
    "  --text: #e7e6e3; --soft: #a7a9af; --line: #35383d; --accent: #8ebcea;\n"
    "  --missed: #ff9d93; --alarm: #f0b35d; --review: #c6b2f3; --right: #86d1a6;\n"
    "  --one: #84abd4; --two: #f2a766; } }\n",

    // Fonts and layout of the page.
    "* { box-sizing: border-box; }\n"
    "[hidden] { display: none !important; }\n"
    "body { margin: 0; background: var(--page); color: var(--text);\n"
    "  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans',\n"
    "  'Liberation Sans', sans-serif; font-variant-numeric: tabular-nums; }\n"
    "main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }\n"
    "header { padding: 2.5rem 0 .5rem; }\n"
    "h1 { font-size: 1.7rem; line-height: 1.25; font-weight: 650; margin: 0;\n"
    "  letter-spacing: -.01em; overflow-wrap: anywhere; }\n"
    "h2 { font-size: 1.2rem; line-height: 1.3; font-weight: 650; margin: 2.75rem 0 "
    ".75rem;\n"
    "  }\n"
    "h3 { font-size: 1rem; line-height: 1.4; font-weight: 600; margin: 0;\n"
    "  overflow-wrap: anywhere; }\n"
    "p { margin: .5rem 0; max-width: 46rem; }\n"
    ".soft, figcaption, footer { color: var(--soft); }\n"
    ".soft, figcaption { font-size: .875rem; }\n"
    "footer { padding-top: 2.5rem; padding-bottom: 2rem; font-size: .875rem; }\n"
    ":focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }\n",

    // Tiles.
    ".tiles { display: grid; gap: .75rem; margin: 1.5rem 0 0;\n"
    "  grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }\n"
    ".tile { background: var(--card); border: 1px solid var(--line);\n"
    "  border-radius: .6rem; padding: .7rem .9rem .8rem; }\n"
    ".tile dt { color: var(--soft); font-size: .875rem; }\n"
    ".tile dd { margin: 0; }\n"
    ".tile .value { display: block; font-size: 1.6rem; line-height: 1.3;\n"
    "  font-weight: 600; letter-spacing: -.01em; }\n"
    ".tile .soft { display: block; font-size: .8125rem; }\n",

    // Tables and lists of facts.
    ".wide { overflow-x: auto; }\n"
    "table { border-collapse: separate; border-spacing: 0; background: var(--card);\n"
    "  margin: .75rem 0; border: 1px solid var(--line); border-radius: .6rem; }\n"
    "th, td { padding: .4rem .55rem; text-align: right; white-space: nowrap;\n"
    "  vertical-align: baseline; }\n"
    "th:first-child, td:first-child { padding-left: .9rem; }\n"
    "th:last-child, td:last-child { padding-right: .9rem; }\n"
    "tbody tr > * { border-top: 1px solid var(--line); }\n"
    "thead th { color: var(--soft); font-weight: 500; font-size: .875rem; }\n"
    "thead tr + tr th { padding-top: 0; }\n"
    "thead tr:first-child th:first-child, th[colspan] { text-align: left; }\n"
    "tbody th, th[rowspan] { text-align: left; font-weight: 500; white-space: normal;\n"
    "  max-width: 16rem; min-width: 6rem; overflow-wrap: break-word; }\n"
    ".pixels { border-left: 1px solid var(--line); }\n"
    "td .soft { display: block; font-size: .75rem; }\n"
    "caption { caption-side: bottom; text-align: left; padding: .4rem .2rem;\n"
    "  color: var(--soft); font-size: .875rem; }\n"
    ".facts { display: grid; grid-template-columns: max-content minmax(0, 1fr);\n"
    "  gap: .3rem 1.25rem; margin: .75rem 0; }\n"
    ".facts dt { color: var(--soft); }\n"
    ".facts dd { margin: 0; overflow-wrap: anywhere; }\n",

    // Plots, in the colours of the page.
    ".plots { display: grid; gap: 1rem;\n"
    "  grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); }\n"
    ".plot { margin: 0; background: var(--card); border: 1px solid var(--line);\n"
    "  border-radius: .6rem; padding: .6rem .9rem .8rem; }\n"
    ".plot svg { max-width: 100%; height: auto; font-family: inherit;\n"
    "  font-size: 13.5px; }\n"
    ".plot svg svg { max-width: none; }\n"
    ".plot figcaption b { color: var(--text); font-weight: 600; }\n"
    ".plot svg svg path:nth-of-type(1) { stroke: var(--one); }\n"
    ".plot svg svg path:nth-of-type(2) { stroke: var(--two); }\n"
    ".plot svg svg g:nth-of-type(1), .plot [role] > svg > rect:nth-of-type(1) {\n"
    "  fill: var(--one); }\n"
    ".plot svg svg g:nth-of-type(2), .plot [role] > svg > rect:nth-of-type(2) {\n"
    "  fill: var(--two); }\n",

    // Controls.
    "#controls { position: sticky; top: 0; z-index: 1; background: var(--page);\n"
    "  border-bottom: 1px solid var(--line); padding: .6rem 0; display: flex;\n"
    "  flex-wrap: wrap; gap: .5rem 1rem; align-items: end; font-size: .875rem; }\n"
    "#controls label { display: grid; gap: .15rem; color: var(--soft); }\n"
    "select, input { font: inherit; color: var(--text); background: var(--card);\n"
    "  border: 1px solid var(--line); border-radius: .4rem; padding: .25rem .4rem;\n"
    "  min-height: 2.1rem; max-width: 12rem; accent-color: var(--accent); }\n"
    "input[type=number] { width: 6.5rem; }\n"
    "input[type=range] { width: 8rem; height: 2.1rem; margin: 0; padding: 0; }\n"
    "#shown { margin: 0 0 .35rem auto; color: var(--soft); }\n",

    // The list of images.
    ".image { background: var(--card); border: 1px solid var(--line);\n"
    "  border-radius: .6rem; padding: .8rem .9rem; margin: .9rem 0;\n"
    "  content-visibility: auto; contain-intrinsic-size: auto 18rem; }\n"
    ".image p { display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin: .2rem 0 0;\n"
    "  align-items: center; max-width: none; font-size: .9375rem; }\n"
    ".verdict { font-weight: 600; }\n"
    ".missed { color: var(--missed); }\n"
    ".alarm { color: var(--alarm); }\n"
    ".review { color: var(--review); }\n"
    ".right { color: var(--right); }\n"
    ".meter { position: relative; width: 7rem; height: .5rem; border-radius: .25rem;\n"
    "  background: var(--line); overflow: hidden; print-color-adjust: exact; }\n"
    ".meter i { position: absolute; left: 0; top: 0; bottom: 0;\n"
    "  background: currentColor; }\n"
    ".meter::after { content: ''; position: absolute; left: 50%; top: 0; bottom: 0;\n"
    "  width: 2px; margin-left: -1px; background: var(--text); }\n"
    ".pictures { display: grid; gap: .6rem; margin-top: .7rem;\n"
    "  grid-template-columns: repeat(auto-fit,\n"
    "  minmax(min(var(--side, 10.5rem), 100%), 1fr)); }\n"
    ".pictures figure { margin: 0; min-width: 0; }\n"
    ".pictures svg { display: block; width: 100%; height: auto; max-height: 90vh;\n"
    "  background: #000; border-radius: .25rem; print-color-adjust: exact; }\n"
    ".pictures figcaption { margin-top: .2rem; font-size: .8125rem; }\n"
    ".heat { opacity: .75; }\n"
    ".scale { display: flex; flex-wrap: wrap; align-items: center; gap: .1rem .6rem;\n"
    "  font-size: .875rem; color: var(--soft); }\n"
    ".scale i { width: 12rem; height: .7rem; border-radius: .2rem;\n"
    "  print-color-adjust: exact; }\n"
    ".ng { fill: #fff; }\n"
    ".doubt { fill: #8a8a8a; }\n"
    ".line { fill: none; stroke: #fff; stroke-width: 2px;\n"
    "  vector-effect: non-scaling-stroke; }\n"
    ".line.under { stroke: #000; stroke-width: 4px; stroke-opacity: .6; }\n"
    ".line.perhaps { stroke: #cbb8ff; }\n"
    ".line.known { stroke: #35d0ff; stroke-dasharray: 4 3; }\n",

    // Narrow screens and printing.
    "@media (max-width: 40rem) { header { padding-top: 1.5rem; }\n"
    "  #controls { position: static; }\n"
    "  .tiles { grid-template-columns: repeat(2, 1fr); }\n"
    "  .pictures { grid-template-columns: repeat(auto-fit,\n"
    "    minmax(min(var(--side, 8.5rem), 100%), 1fr)); }\n"
    "  .facts { grid-template-columns: 1fr; gap: 0; }\n"
    "  .facts dd { margin-bottom: .5rem; } }\n"
    "@media print { :root { --page: #fff; --card: #fff; --text: #000; --soft: #444;\n"
    "    --line: #bbb; }\n"
    "  body { font-size: 10pt; }\n"
    "  #controls { display: none; }\n"
    "  .image, .plot, .tile, table { break-inside: avoid; }\n"
    "  .image { content-visibility: visible; }\n"
    "  h2, h3 { break-after: avoid; }\n"
    "  .tiles { grid-template-columns: repeat(4, 1fr); }\n"
    "  .plots { grid-template-columns: repeat(2, 1fr); }\n"
    "  .wide { overflow: visible; }\n"
    "  .wide table { font-size: 7.5pt; }\n"
    "  .wide :is(th, td) { padding: .25rem .3rem; }\n"
    "  td .soft { font-size: 6pt; }\n"
    "  .pictures { grid-template-columns: repeat(5, 1fr); } }\n",
};

static const char *const script[] = {
    "'use strict';\n"
    "(() => {\n"
    "  const at = id => document.getElementById(id);\n"
    "  const form = at('controls'), list = at('images');\n"
    "  if (form === null) return;\n"
    "  const items = Array.from(list.children);\n"
    "  const threshold = Number(list.dataset.threshold);\n"
    "  const score = item => Number(item.dataset.score);\n"
    "  const place = new Map(items.map((item, i) => [item, i]));\n"
    "  const keys = {\n"
    "    page: item => place.get(item),\n"
    "    high: item => -score(item),\n"
    "    low: item => score(item),\n"
    "    near: item => Math.abs(score(item) - threshold),\n"
    "  };\n",
    "  const limit = (id, none) => at(id).value === '' ? none : Number(at(id).value);\n"
    "  const fits = item => {\n"
    "    const data = item.dataset, verdict = at('verdict').value;\n"
    "    const kind = at('kind').value;\n"
    "    return [['', data.verdict, data.error].includes(verdict),\n"
    "      ['', data.kind].includes(kind), score(item) >= limit('low', -Infinity),\n"
    "      limit('high', Infinity) >= score(item)].every(Boolean);\n"
    "  };\n",
    "  const show = () => {\n"
    "    const key = keys[at('order').value];\n"
    "    let shown = 0;\n"
    "    for (const item of items) {\n"
    "      item.hidden = !fits(item);\n"
    "      shown += item.hidden ? 0 : 1;\n"
    "    }\n"
    "    for (const item of Array.from(items).sort((a, b) => key(a) - key(b)))\n"
    "      list.append(item);\n"
    "    at('shown').textContent = `${shown} of ${items.length} images`;\n"
    "  };\n"
    "  const resize = () => list.style.setProperty('--side', at('size').value + 'px');\n",
    "  for (const kind of new Set(items.map(item => item.dataset.kind)))\n"
    "    at('kind').append(new Option(kind, kind));\n"
    "  at('size').addEventListener('input', resize);\n"
    "  form.addEventListener('change', show);\n"
    "  form.addEventListener('submit', event => event.preventDefault());\n"
    "  form.hidden = false;\n"
    "  show();\n"
    "})();\n",
};

static void put_all(html_text *html, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        html_put(html, "%s", texts[i]);
}

static void put_title(html_text *html, const char *model, const char *data)
{
    html_put_escaped(html, model);
    if (data != NULL) {
        html_put(html, " on ");
        html_put_escaped(html, data);
    }
}

void report_open_page(html_text *html, const char *model, const char *data)
{
    html_put(html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\" />\n"
        "<title>");
    put_title(html, model, data);
    html_put(html, "</title>\n<style>\n");
    put_all(html, style, sizeof style / sizeof *style);
    html_put(html, "</style>\n</head>\n<body>\n<main>\n<header>\n<h1>");
    put_title(html, model, data);
    html_put(html, "</h1>\n");
}

void report_close_page(html_text *html)
{
    html_put(html,
        "</main>\n<footer>Made by blemish %s. Nothing on this page is loaded from "
        "elsewhere.</footer>\n<script>\n",
        BLM_VERSION);
    put_all(html, script, sizeof script / sizeof *script);
    html_put(html, "</script>\n</body>\n</html>\n");
}

void report_put_controls(html_text *html)
{
    html_put(html,
        "<form id=\"controls\" hidden=\"hidden\" autocomplete=\"off\">\n"
        "<label>Verdict <select id=\"verdict\"><option value=\"\">all</option>"
        "<option value=\"missed\">missed defects</option>"
        "<option value=\"alarm\">false alarms</option>"
        "<option value=\"NG\">NG</option><option value=\"REVIEW\">REVIEW</option>"
        "<option value=\"CANNOT JUDGE\">CANNOT JUDGE</option>"
        "<option value=\"OK\">OK</option></select></label>\n"
        "<label>Kind <select id=\"kind\"><option value=\"\">all</option></select>"
        "</label>\n"
        "<label>Score from <input id=\"low\" type=\"number\" step=\"any\" /></label>\n"
        "<label>to <input id=\"high\" type=\"number\" step=\"any\" /></label>\n"
        "<label>Order <select id=\"order\"><option value=\"page\">errors first</option>"
        "<option value=\"high\">highest score first</option>"
        "<option value=\"low\">lowest score first</option>"
        "<option value=\"near\">nearest to the threshold</option></select></label>\n"
        "<label>Size <input id=\"size\" type=\"range\" min=\"100\" max=\"520\" "
        "value=\"168\" /></label>\n"
        "<p id=\"shown\" role=\"status\"></p>\n</form>\n");
}

void report_open_section(html_text *html, const char *id, const char *title)
{
    html_put(
        html, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, title);
}

void report_close_section(html_text *html)
{
    html_put(html, "</section>\n");
}

blm_status report_finish(
    html_text *html, blm_status status, html_text *out, blm_error *err)
{
    if (status == BLM_OK)
        return html_finish(html, out, err);
    free(html->at);
    return status;
}
