// Writes the description of a model and how its thresholds were found.
#include <math.h>
#include <string.h>

#include "apps/report/report_parts.h"

// ---- thresholds -----------------------------------------------------------------------

static void put_source(html_text *html, const blm_model_info *m)
{
    static const char *const how[] = {
        [BLM_LEAVE_ONE_OUT] = ", each scored by a model of the others",
        [BLM_LEAVE_GROUP_OUT] = ", each part scored by a model of the others",
        [BLM_HELD_OUT] = " held out from the fit",
    };
    html_put(html, "from %zu good images", m->good_scores);
    if (m->groups > 0)
        html_put(html, " of %zu parts", m->groups);
    html_put(html, "%s", how[m->source]);
}

static void put_promise(html_text *html, const blm_model_info *m)
{
    html_put(html, "%s",
        m->source == BLM_HELD_OUT
            ? "If new images are like these, they promise rates of "
            : "This is an estimate and not a promise, since these scores depend on each "
              "other. They show rates of ");
    report_put_percent(html, m->finest_rate);
    html_put(html, " or more.");
}

void report_put_threshold(html_text *html, const blm_model_info *m)
{
    html_put(html, "<p>An image is NG if its score is <b>");
    report_put_score(html, m->threshold);
    html_put(html, "</b> or more");
    if (m->review_threshold > 0) {
        html_put(html, ", else REVIEW if it is <b>");
        report_put_score(html, m->review_threshold);
        html_put(html, "</b> or more");
    }
    html_put(html, ". The threshold was found ");
    put_source(html, m);
    html_put(html, ", so that at most ");
    report_put_percent(html, m->false_alarm);
    html_put(html, " of good images are NG");
    if (m->review_threshold > 0) {
        html_put(html, ", and at most ");
        report_put_percent(html, m->review);
        html_put(html, " NG or REVIEW");
    }
    html_put(html, ". ");
    if (m->method == BLM_THRESHOLD_TAIL)
        html_put(html,
            "They are too few to show this rate: the threshold is extrapolated with an "
            "exponential tail of their scores, and lies above all of them. ");
    put_promise(html, m);
    html_put(html, "</p>\n");
}

// ---- facts ----------------------------------------------------------------------------

static void open_fact(html_text *html, const char *name)
{
    html_put(html, "<dt>%s</dt><dd>", name);
}

static void close_fact(html_text *html)
{
    html_put(html, "</dd>\n");
}

// The fields of these parts; fields at their default are left out, except the important
// ones.
static void put_fields(
    html_text *html, const char *name, const blm_recipe *r, blm_part from, blm_part to)
{
    const blm_field *f;
    const char *comma = "";
    char value[BLM_FIELD_TEXT], detector[BLM_FIELD_TEXT];
    if (blm_recipe_get(r, "detector", detector, NULL) != BLM_OK)
        return;
    open_fact(html, name);
    for (size_t i = 0; (f = blm_recipe_field(i)) != NULL; i++) {
        if (f->part < from || f->part > to ||
            (f->only != NULL && strcmp(f->only, detector) != 0) ||
            blm_recipe_get(r, f->name, value, NULL) != BLM_OK ||
            (!f->shown && strcmp(value, f->initial) == 0))
            continue;
        html_put(html, "%s", comma);
        html_put_escaped(html, f->name);
        if (f->kind != BLM_FIELD_FLAG) {
            html_put(html, " ");
            html_put_escaped(html, value);
        }
        comma = ", ";
    }
    close_fact(html);
}

static void put_text(html_text *html, const char *name, const char *text)
{
    open_fact(html, name);
    html_put_escaped(html, text);
    close_fact(html);
}

void report_put_model(html_text *html, const blm_model_info *m)
{
    html_put(html, "<dl class=\"facts\">\n");
    open_fact(html, "Fitted on");
    html_put(html, "%lld good images", (long long)m->images);
    close_fact(html);
    put_text(html, "Backbone", m->backbone);
    put_fields(html, "Input", m->recipe, BLM_PART_INPUT, BLM_PART_INPUT);
    put_fields(html, "Method", m->recipe, BLM_PART_NETWORK, BLM_PART_MAP);
    if (m->region < 1) {
        open_fact(html, "Region of interest");
        report_put_percent(html, m->region);
        html_put(html, " of the input");
        close_fact(html);
    }
    open_fact(html, "Statistics");
    html_put(html, "%d positions of %d features, ", m->positions, m->features);
    if (m->rank > 0)
        html_put(html, "rank %d", m->rank);
    else if (m->recipe->detector == BLM_DETECTOR_MEMORY)
        html_put(html, "memory");
    else
        html_put(html, "full covariance");
    close_fact(html);
    if (*m->hash != '\0')
        put_text(html, "Model", m->hash);
    put_text(html, "Weights", m->weights_hash);
    html_put(html, "</dl>\n");
}
