// Writes a page of tables of results.
#include <math.h>

#include "apps/report/report_parts.h"

static void put_head(html_text *html, const report_table *t)
{
    html_put(
        html, "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Category</th>");
    for (int c = 0; c < t->columns; c++) {
        html_put(html, "<th scope=\"col\">%s", c < t->ours ? "<b>" : "");
        html_put_escaped(html, t->names[c]);
        html_put(html, "%s</th>", c < t->ours ? "</b>" : "");
    }
    html_put(html, "</tr></thead>\n<tbody>\n");
}

static void put_line(html_text *html, const report_table *t, const report_table_line *l)
{
    html_put(html, "<tr><th scope=\"row\">");
    html_put_escaped(html, l->label);
    if (l->average > 0)
        html_put(html, " (%d)", l->average);
    html_put(html, "</th>");
    for (int c = 0; c < t->columns; c++) {
        html_put(html, "<td>");
        report_put_fixed(html, l->values[c], 1);
        html_put(html, "</td>");
    }
    html_put(html, "</tr>\n");
}

blm_status report_tables_page(
    const report_table *tables, size_t count, html_text *out, blm_error *err)
{
    html_text html = {0};
    report_open_page(&html, "Results", NULL);
    html_put(&html, "</header>\n");
    for (size_t i = 0; i < count; i++) {
        const report_table *t = &tables[i];
        html_put(&html, "<section><h2>");
        html_put_escaped(&html, t->title);
        html_put(&html, "</h2>\n<p class=\"soft\">In percent%s",
            t->published ? "; the columns in bold are measured, the others published: "
                         : ", ");
        html_put_escaped(&html, t->note);
        html_put(&html, ".</p>\n");
        put_head(&html, t);
        for (size_t l = 0; l < t->count; l++)
            put_line(&html, t, &t->lines[l]);
        html_put(&html, "</tbody></table></div>\n</section>\n");
    }
    report_close_page(&html);
    return html_finish(&html, out, err);
}
