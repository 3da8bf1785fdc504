// Writes the list of images: name, kind, score, verdict and pictures of each.
//
// The page contains the original once; the other pictures refer to it by its id and draw
// the heat map or outlines on it.
#include <math.h>
#include <string.h>

#include "apps/report/report_parts.h"

// ---- errors ---------------------------------------------------------------------------

// A verdict compared with the ground truth.
typedef enum outcome {
    MISSED,
    ALARM,
    UNJUDGED,
    REVIEW,
    RIGHT,
    UNKNOWN_NG,
    UNKNOWN_OK
} outcome;

static outcome find_outcome(const report_image *image)
{
    const int ng = image->verdict == BLM_VERDICT_NG;
    if (image->verdict == BLM_VERDICT_CANNOT_JUDGE)
        return UNJUDGED;
    if (image->verdict == BLM_VERDICT_REVIEW)
        return REVIEW;
    if (image->kind == NULL)
        return ng ? UNKNOWN_NG : UNKNOWN_OK;
    if (ng == (image->defective != 0))
        return RIGHT;
    return ng ? ALARM : MISSED;
}

int report_image_order(const void *a, const void *b)
{
    const report_image *x = a, *y = b;
    const int first = (int)find_outcome(x), second = (int)find_outcome(y);
    if (first != second)
        return first - second;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return strcmp(x->name, y->name);
}

// ---- pictures -------------------------------------------------------------------------

// Opens a picture; its layers follow, the lowest first.
static void open_picture(html_text *html, const report_image *image, const char *what)
{
    html_put(html, "<figure><svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"",
        image->pictures->width, image->pictures->height);
    html_put_escaped(html, image->name);
    html_put(html, ": %s\">", what);
}

static void close_picture(html_text *html, const char *caption)
{
    html_put(html, "</svg><figcaption>%s</figcaption></figure>\n", caption);
}

// Completes an open <image tag.
static void put_png(html_text *html, const report_pictures *p, const blm_bytes *png)
{
    html_put(html, " width=\"%d\" height=\"%d\" href=\"data:image/png;base64,", p->width,
        p->height);
    report_put_base64(html, png);
    html_put(html, "\" />");
}

static void put_path(html_text *html, const html_text *path, const char *look)
{
    if (path->size > 0)
        html_put(html, "<path class=\"%s\" fill-rule=\"evenodd\" d=\"%.*s\" />", look,
            (int)path->size, path->at);
}

static void put_original_again(html_text *html, size_t index)
{
    html_put(html, "<use href=\"#o%zu\" />", index);
}

static void put_truth(html_text *html, const report_image *image)
{
    open_picture(html, image, "ground truth");
    put_path(html, &image->pictures->truth, "ng");
    close_picture(html, "ground truth");
}

static void put_mask(html_text *html, const report_image *image)
{
    open_picture(html, image, "predicted mask");
    put_path(html, &image->pictures->doubt, "doubt");
    put_path(html, &image->pictures->mask, "ng");
    close_picture(html, "predicted mask");
}

static void put_contour(html_text *html, const report_image *image, size_t index)
{
    const report_pictures *p = image->pictures;
    open_picture(html, image, "contour on the original");
    put_original_again(html, index);
    put_path(html, &p->truth, "line known");
    put_path(html, &p->doubt, "line under");
    put_path(html, &p->doubt, "line perhaps");
    put_path(html, &p->mask, "line");
    close_picture(html, "contour");
}

static void put_pictures(html_text *html, const report_image *image, size_t index)
{
    const report_pictures *p = image->pictures;
    html_put(html, "<div class=\"pictures\">\n");
    open_picture(html, image, "original");
    html_put(html, "<image id=\"o%zu\"", index);
    put_png(html, p, &p->original);
    close_picture(html, "original");
    if (p->has_truth)
        put_truth(html, image);
    open_picture(html, image, "heat map");
    put_original_again(html, index);
    html_put(html, "<image class=\"heat\"");
    put_png(html, p, &p->heat);
    close_picture(html, "heat map");
    put_mask(html, image);
    put_contour(html, image, index);
    html_put(html, "</div>\n");
}

// ---- an image -------------------------------------------------------------------------

// The score, and a bar with the threshold in the middle.
static void put_score(html_text *html, double score, double threshold, const char *look)
{
    const double reach = fmin(fmax(50 * score / threshold, 0), 100);
    html_put(html, "<span>score ");
    report_put_score(html, score);
    html_put(html,
        "</span><span class=\"meter %s\" aria-hidden=\"true\"><i style=\"width: ", look);
    report_put_fixed(html, reach, 1);
    html_put(html, "%%\"></i></span><span class=\"soft\">");
    report_put_fixed(html, score / threshold, 2);
    html_put(html, " times the threshold</span>");
}

static void open_image(html_text *html, const report_image *image, const char *error)
{
    html_put(html,
        "<article class=\"image\" data-verdict=\"%s\" data-error=\"%s\" "
        "data-score=\"",
        blm_verdict_name(image->verdict), error);
    report_put_score(html, image->score);
    html_put(html, "\"");
    if (image->kind != NULL) {
        html_put(html, " data-kind=\"");
        html_put_escaped(html, image->kind);
        html_put(html, "\"");
    }
    html_put(html, ">\n<h3>");
    html_put_escaped(html, image->name);
    html_put(html, "</h3>\n");
}

static void put_image(
    html_text *html, const report_image *image, double threshold, size_t index)
{
    static const struct {
        const char *look, *error, *remark;
    } looks[] = {
        [MISSED] = {"missed", "missed", ", a missed defect"},
        [ALARM] = {"alarm", "alarm", ", a false alarm"},
        [UNJUDGED] = {"review", "", ""},
        [REVIEW] = {"review", "", ""},
        [RIGHT] = {"right", "", ""},
        [UNKNOWN_NG] = {"alarm", "", ""},
        [UNKNOWN_OK] = {"right", "", ""},
    };
    const outcome o = find_outcome(image);
    open_image(html, image, looks[o].error);
    html_put(html, "<p><span class=\"verdict %s\">%s%s</span>", looks[o].look,
        blm_verdict_name(image->verdict), looks[o].remark);
    for (unsigned bit = 1; bit <= image->reasons && bit != 0; bit *= 2)
        if ((image->reasons & bit) != 0)
            html_put(html, "<span>%s</span>", blm_reason_name(bit));
    if (image->kind != NULL) {
        html_put(html, "<span>");
        html_put_escaped(html, image->kind);
        html_put(html, "</span>");
    }
    put_score(html, image->score, threshold, looks[o].look);
    html_put(html, "</p>\n");
    if (image->pictures != NULL)
        put_pictures(html, image, index);
    html_put(html, "</article>\n");
}

// The colours of the heat map, from 0 to twice the threshold.
static void put_scale(html_text *html)
{
    enum { STEPS = 16 };
    html_put(html, "<p class=\"scale\"><span>Heat map: 0</span>"
                   "<i style=\"background: linear-gradient(to right");
    for (int i = 0; i <= STEPS; i++) {
        const blm_colour c = blm_heat_colour(2.0 * i / STEPS);
        html_put(html, ", #%02x%02x%02x", c.r, c.g, c.b);
    }
    html_put(html, ")\"></i><span>twice the threshold</span></p>\n");
}

void report_put_images(html_text *html, const blm_model_info *model,
    const report_image *images, size_t count)
{
    put_scale(html);
    html_put(html, "<div id=\"images\" data-threshold=\"");
    report_put_score(html, model->threshold);
    html_put(html, "\">\n");
    for (size_t i = 0; i < count; i++)
        put_image(html, &images[i], model->threshold, i);
    html_put(html, "</div>\n");
}
