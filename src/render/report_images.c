// Image by image: what it is, its score and verdict, and its pictures.
//
// The original stands in the page once; the other pictures refer to it by its id and lay
// heat or outlines over it.
#include <math.h>
#include <string.h>

#include "src/render/report.h"

// ---- errors ---------------------------------------------------------------------------

// What a verdict is worth, by what is known.
typedef enum outcome { MISSED, ALARM, REVIEW, RIGHT, UNKNOWN_NG, UNKNOWN_OK } outcome;

static outcome find_outcome(const blm_report_image *image)
{
    const int ng = image->verdict == BLM_VERDICT_NG;
    if (image->verdict == BLM_VERDICT_REVIEW)
        return REVIEW;
    if (image->kind == NULL)
        return ng ? UNKNOWN_NG : UNKNOWN_OK;
    if (ng == (image->defective != 0))
        return RIGHT;
    return ng ? ALARM : MISSED;
}

int blm_report_image_order(const void *a, const void *b)
{
    const blm_report_image *x = a, *y = b;
    const int first = find_outcome(x), second = find_outcome(y);
    if (first != second)
        return first - second;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return strcmp(x->name, y->name);
}

// ---- pictures -------------------------------------------------------------------------

// Its content follows, from the bottom to the top.
static void open_picture(blmi_text *html, const blm_report_image *image, const char *what)
{
    blmi_text_put(html, "<figure><svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"",
        image->pictures->width, image->pictures->height);
    blmi_text_put_escaped(html, image->name);
    blmi_text_put(html, ": %s\">", what);
}

static void close_picture(blmi_text *html, const char *caption)
{
    blmi_text_put(html, "</svg><figcaption>%s</figcaption></figure>\n", caption);
}

// Ends an <image that was begun.
static void put_png(blmi_text *html, const blm_report_pictures *p, const blm_bytes *png)
{
    blmi_text_put(html, " width=\"%d\" height=\"%d\" href=\"data:image/png;base64,",
        p->width, p->height);
    blmi_report_put_base64(html, png);
    blmi_text_put(html, "\" />");
}

static void put_path(blmi_text *html, const blm_bytes *path, const char *look)
{
    if (path->size > 0)
        blmi_text_put(html, "<path class=\"%s\" fill-rule=\"evenodd\" d=\"%.*s\" />",
            look, (int)path->size, (const char *)path->data);
}

static void put_original_again(blmi_text *html, size_t index)
{
    blmi_text_put(html, "<use href=\"#o%zu\" />", index);
}

static void put_truth(blmi_text *html, const blm_report_image *image)
{
    open_picture(html, image, "ground truth");
    put_path(html, &image->pictures->truth, "ng");
    close_picture(html, "ground truth");
}

static void put_mask(blmi_text *html, const blm_report_image *image)
{
    open_picture(html, image, "predicted mask");
    put_path(html, &image->pictures->doubt, "doubt");
    put_path(html, &image->pictures->mask, "ng");
    close_picture(html, "predicted mask");
}

static void put_contour(blmi_text *html, const blm_report_image *image, size_t index)
{
    const blm_report_pictures *p = image->pictures;
    open_picture(html, image, "contour on the original");
    put_original_again(html, index);
    put_path(html, &p->truth, "line known");
    put_path(html, &p->doubt, "line under");
    put_path(html, &p->doubt, "line perhaps");
    put_path(html, &p->mask, "line");
    close_picture(html, "contour");
}

static void put_pictures(blmi_text *html, const blm_report_image *image, size_t index)
{
    const blm_report_pictures *p = image->pictures;
    blmi_text_put(html, "<div class=\"pictures\">\n");
    open_picture(html, image, "original");
    blmi_text_put(html, "<image id=\"o%zu\"", index);
    put_png(html, p, &p->original);
    close_picture(html, "original");
    if (p->has_truth)
        put_truth(html, image);
    open_picture(html, image, "heat map");
    put_original_again(html, index);
    blmi_text_put(html, "<image class=\"heat\"");
    put_png(html, p, &p->heat);
    close_picture(html, "heat map");
    put_mask(html, image);
    put_contour(html, image, index);
    blmi_text_put(html, "</div>\n");
}

// ---- an image -------------------------------------------------------------------------

static const char *verdict_name(blm_verdict verdict)
{
    static const char *const names[] = {[BLM_VERDICT_OK] = "OK",
        [BLM_VERDICT_NG] = "NG",
        [BLM_VERDICT_REVIEW] = "REVIEW"};
    return names[verdict];
}

// The score as a bar that reaches the middle at the threshold.
static void put_score(blmi_text *html, double score, double threshold, const char *look)
{
    const double reach = fmin(fmax(50 * score / threshold, 0), 100);
    blmi_text_put(html, "<span>score ");
    blmi_report_put_score(html, score);
    blmi_text_put(html,
        "</span><span class=\"meter %s\" aria-hidden=\"true\"><i style=\"width: ", look);
    blmi_report_put_fixed(html, reach, 1);
    blmi_text_put(html, "%%\"></i></span><span class=\"soft\">");
    blmi_report_put_fixed(html, score / threshold, 2);
    blmi_text_put(html, " of the threshold</span>");
}

static void open_image(blmi_text *html, const blm_report_image *image, const char *error)
{
    blmi_text_put(html,
        "<article class=\"image\" data-verdict=\"%s\" data-error=\"%s\" "
        "data-score=\"",
        verdict_name(image->verdict), error);
    blmi_report_put_score(html, image->score);
    blmi_text_put(html, "\"");
    if (image->kind != NULL) {
        blmi_text_put(html, " data-kind=\"");
        blmi_text_put_escaped(html, image->kind);
        blmi_text_put(html, "\"");
    }
    blmi_text_put(html, ">\n<h3>");
    blmi_text_put_escaped(html, image->name);
    blmi_text_put(html, "</h3>\n");
}

static void put_image(
    blmi_text *html, const blm_report_image *image, double threshold, size_t index)
{
    static const struct {
        const char *look, *error, *remark;
    } looks[] = {
        [MISSED] = {"missed", "missed", ", a missed defect"},
        [ALARM] = {"alarm", "alarm", ", a false alarm"},
        [REVIEW] = {"review", "", ""},
        [RIGHT] = {"right", "", ""},
        [UNKNOWN_NG] = {"alarm", "", ""},
        [UNKNOWN_OK] = {"right", "", ""},
    };
    const outcome o = find_outcome(image);
    open_image(html, image, looks[o].error);
    blmi_text_put(html, "<p><span class=\"verdict %s\">%s%s</span>", looks[o].look,
        verdict_name(image->verdict), looks[o].remark);
    if (image->kind != NULL) {
        blmi_text_put(html, "<span>");
        blmi_text_put_escaped(html, image->kind);
        blmi_text_put(html, "</span>");
    }
    put_score(html, image->score, threshold, looks[o].look);
    blmi_text_put(html, "</p>\n");
    if (image->pictures != NULL)
        put_pictures(html, image, index);
    blmi_text_put(html, "</article>\n");
}

// The colours of the heat map, from 0 to twice the threshold.
static void put_scale(blmi_text *html)
{
    enum { STEPS = 16 };
    blmi_text_put(html, "<p class=\"scale\"><span>Heat map: 0</span>"
                        "<i style=\"background: linear-gradient(to right");
    for (int i = 0; i <= STEPS; i++) {
        const blm_colour c = blm_heat_colour(2.0 * i / STEPS);
        blmi_text_put(html, ", #%02x%02x%02x", c.r, c.g, c.b);
    }
    blmi_text_put(html, ")\"></i><span>twice the threshold, which is in the middle"
                        "</span></p>\n");
}

void blmi_report_put_images(blmi_text *html, const blm_model_info *model,
    const blm_report_image *images, size_t count)
{
    put_scale(html);
    blmi_text_put(html, "<div id=\"images\" data-threshold=\"");
    blmi_report_put_score(html, model->threshold);
    blmi_text_put(html, "\">\n");
    for (size_t i = 0; i < count; i++)
        put_image(html, &images[i], model->threshold, i);
    blmi_text_put(html, "</div>\n");
}
