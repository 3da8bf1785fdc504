#include <math.h>
#include <string.h>

#include "apps/report/report_parts.h"
#include "tests/check.h"

enum { SIDE = 6 };

// A finished text as a string; free() it.
static char *string_of(html_text *text)
{
    html_text done;
    blm_error err;
    assert_ok(html_finish(text, &done, &err), err);
    char *string = strndup(done.at != NULL ? done.at : "", done.size);
    assert_non_null(string);
    free(done.at);
    return string;
}

static void assert_text(html_text *text, const char *expected)
{
    char *string = string_of(text);
    assert_string_equal(string, expected);
    free(string);
}

// ---- numbers and bytes

static void test_numbers(void **state)
{
    html_text text = {0};
    (void)state;
    report_put_fixed(&text, 0.99996, 3);
    html_put(&text, " ");
    report_put_fixed(&text, -1.25, 1);
    html_put(&text, " ");
    report_put_fixed(&text, 12, 0);
    html_put(&text, " ");
    report_put_fixed(&text, NAN, 2);
    html_put(&text, " ");
    report_put_fixed(&text, INFINITY, 2);
    assert_text(&text, "1.000 -1.3 12 \xe2\x80\x93 \xe2\x80\x93");
    report_put_short(&text, 0.01, 6);
    html_put(&text, " ");
    report_put_short(&text, 4, 2);
    html_put(&text, " ");
    report_put_short(&text, 1 / 3.0, 4);
    html_put(&text, " ");
    report_put_short(&text, 0.30001, 2);
    assert_text(&text, "0.01 4 0.3333 0.3");
    report_put_percent(&text, 0.01);
    report_put_percent(&text, 0.0588);
    report_put_percent(&text, 0.0001);
    assert_text(&text, "1\xc2\xa0%5.9\xc2\xa0%0.01\xc2\xa0%");
}

// Scores of any size show some digits.
static void test_scores(void **state)
{
    static const struct {
        double score;
        const char *text;
    } cases[] = {{0, "0.00000"}, {0.5, "0.50000"}, {31.25, "31.250"}, {316.789, "316.79"},
        {12345.67, "12345.7"}, {1.5e-7, "1.500e-7"}, {2.5e12, "2.500e12"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        html_text text = {0};
        report_put_score(&text, cases[i].score);
        assert_text(&text, cases[i].text);
    }
}

static void test_base64(void **state)
{
    // The test vectors of RFC 4648.
    static const char *const coded[] = {
        "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    char letters[] = "foobar";
    (void)state;
    for (size_t size = 0; size <= 6; size++) {
        html_text text = {0};
        report_put_base64(&text, &(blm_bytes){(uint8_t *)letters, size});
        assert_text(&text, coded[size]);
    }
    uint8_t many[3 * 5000];
    memset(many, 0xff, sizeof many);
    html_text text = {0};
    report_put_base64(&text, &(blm_bytes){many, sizeof many});
    char *string = string_of(&text);
    assert_int_equal(strlen(string), 4 * 5000);
    assert_int_equal(strspn(string, "/"), 4 * 5000);
    free(string);
}

// ---- pictures

static report_pictures *draw(
    const uint8_t *mask, const uint8_t *truth, int width, int height)
{
    const size_t pixels = (size_t)width * (size_t)height;
    uint8_t *rgb = calloc(pixels, 3);
    float *map = calloc(pixels, sizeof *map);
    report_pictures *pictures = NULL;
    blm_error err;
    assert_non_null(rgb);
    assert_non_null(map);
    const blm_image image = {
        .width = width, .height = height, .channels = 3, .bits = 8, .rgb = rgb};
    assert_ok(report_pictures_new(&image, map, mask, truth, 1, &pictures, &err), err);
    free(map);
    free(rgb);
    return pictures;
}

static void assert_path(const html_text *path, const char *expected)
{
    assert_int_equal(path->size, strlen(expected));
    if (path->size > 0)
        assert_memory_equal(path->at, expected, path->size);
}

static void test_outlines(void **state)
{
    static const struct {
        const char *rows; // (SIDE, SIDE)
        const char *path;
    } cases[] = {
        {"......"
         "......"
         "......"
         "......"
         "......"
         "......",
            ""},
        {"######"
         "######"
         "######"
         "######"
         "######"
         "######",
            "M0 0h6v6h-6v-6z"},
        {"......" // a ring: its hole is another line, in the opposite direction
         ".###.."
         ".#.#.."
         ".###.."
         "......"
         "......",
            "M1 1h3v3h-3v-3zM2 3h1v-1h-1v1z"},
        {"#....." // pixels that touch at a corner are one
         ".#...."
         "......"
         "......"
         "......"
         ".....#",
            "M0 0h1v1h1v1h-1v-1h-1v-1zM5 5h1v1h-1v-1z"},
    };
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        uint8_t mask[SIDE * SIDE];
        for (int i = 0; i < SIDE * SIDE; i++)
            mask[i] = cases[c].rows[i] == '#' ? 255 : 0;
        report_pictures *p = draw(mask, mask, SIDE, SIDE);
        assert_path(&p->mask, cases[c].path);
        assert_path(&p->doubt, cases[c].path);
        assert_path(&p->truth, cases[c].path);
        report_pictures_free(p);
    }
}

// REVIEW is only in the outline `doubt`; without a ground truth there is no `truth`.
static void test_levels(void **state)
{
    const uint8_t mask[] = {0, 128, 255, 128};
    (void)state;
    report_pictures *p = draw(mask, NULL, 4, 1);
    assert_path(&p->mask, "M2 0h1v1h-1v-1z");
    assert_path(&p->doubt, "M1 0h3v1h-3v-1z");
    assert_false(p->has_truth);
    assert_int_equal(p->truth.size, 0);
    report_pictures_free(p);
}

// Pictures have at most 256 pixels a side, and still show a defect of one pixel.
static void test_reduction(void **state)
{
    static const struct {
        int width, height, small_width, small_height;
    } sizes[] = {{256, 256, 256, 256}, {257, 10, 256, 10}, {3000, 1, 256, 1},
        {100, 1024, 25, 256}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int width = sizes[i].width, height = sizes[i].height;
        const size_t pixels = (size_t)width * (size_t)height;
        uint8_t *mask = calloc(pixels, 1);
        assert_non_null(mask);
        for (size_t at = 0; at < pixels; at += pixels / 7 + 1) {
            mask[at] = 255;
            report_pictures *p = draw(mask, NULL, width, height);
            assert_int_equal(p->width, sizes[i].small_width);
            assert_int_equal(p->height, sizes[i].small_height);
            assert_true(p->mask.size > 0);
            report_pictures_free(p);
            mask[at] = 0;
        }
        free(mask);
    }
}

static void test_no_picture(void **state)
{
    const blm_image image = {.width = 0, .height = 5};
    report_pictures *pictures;
    blm_error err;
    (void)state;
    assert_int_equal(
        report_pictures_new(&image, NULL, NULL, NULL, 1, &pictures, &err), BLM_EUSAGE);
    assert_non_null(strstr(err.text, "0 x 5"));
    report_pictures_free(NULL);
}

// ---- pages

static void test_order(void **state)
{
    static const report_image sorted[] = {
        {"missed", "dent", 1, 4, BLM_VERDICT_OK, NULL, 0},
        {"missed more", "dent", 1, 3, BLM_VERDICT_OK, NULL, 0},
        {"alarm", "good", 0, 9, BLM_VERDICT_NG, NULL, 0},
        {"lost", "dent", 1, 1, BLM_VERDICT_CANNOT_JUDGE, NULL, BLM_REASON_TORN},
        {"doubtful", "dent", 1, 7, BLM_VERDICT_REVIEW, NULL, 0},
        {"found", "dent", 1, 20, BLM_VERDICT_NG, NULL, 0},
        {"a", "good", 0, 2, BLM_VERDICT_OK, NULL, 0},
        {"b", "good", 0, 2, BLM_VERDICT_OK, NULL, 0},
    };
    enum { COUNT = sizeof sorted / sizeof *sorted };
    (void)state;
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            const int order = report_image_order(&sorted[i], &sorted[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

static blm_recipe some_recipe; // set by main
static const blm_model_info some_model = {.program = "0",
    .hash = "",
    .weights_hash = "",
    .backbone = "ConTNet-B",
    .recipe = &some_recipe,
    .region = 1,
    .threshold = 5,
    .false_alarm = 0.01,
    .good_scores = 20,
    .finest_rate = 1 / 21.0,
    .promised_rate = NAN};

// A page of one image, without pictures or defects.
static void test_small_page(void **state)
{
    const report_image image = {"<&\"'\xff>", "good", 0, 4, BLM_VERDICT_OK, NULL, 0};
    const report_row row = {.image = {.good = 1, .auroc = NAN, .f1_max = NAN},
        .pixel = {.auroc = NAN, .average_precision = NAN, .au_pro = {NAN, NAN}},
        .image_f1 = 0.625,
        .pixel_f1 = NAN};
    const report_eval data = {.model_name = "m<",
        .data_name = "d>",
        .model = &some_model,
        .rows = &row,
        .row_count = 1,
        .images = &image,
        .image_count = 1};
    html_text page;
    blm_error err;
    (void)state;
    assert_ok(report_eval_page(&data, &page, &err), err);
    char *text = strndup(page.at, page.size);
    assert_non_null(text);
    assert_non_null(strstr(text, "<h1>m&lt; on d&gt;</h1>"));
    assert_non_null(strstr(text, "<h3>&lt;&amp;&quot;&#39;\xef\xbf\xbd&gt;</h3>"));
    assert_non_null(strstr(text, "<dt>Image F1</dt><dd><span class=\"value\">0.625<"));
    assert_null(strstr(text, "<dt>Pixel F1</dt>"));
    assert_null(strstr(text, "nan"));
    assert_non_null(strstr(text, "</html>\n"));
    free(text);
    free(page.at);
}

// Shares that are not defined are dashes; without defective images there are no columns
// of them.
static void test_stress_page(void **state)
{
    const double strength[] = {2, 4}, share[] = {0, 0.25, 1}, none[] = {NAN, NAN, NAN};
    const report_corruption one = {.name = "shift",
        .unit = "% of the width",
        .strength = strength,
        .steps = 2,
        .share = {share, none, none, none},
        .auroc = none,
        .judgement = "holds to 2"};
    report_stress data = {.model_name = "m<",
        .data_name = "d",
        .model = &some_model,
        .good = 4,
        .corruptions = &one,
        .count = 1};
    (void)state;
    for (size_t defective = 0; defective < 2; defective++) {
        html_text page;
        blm_error err;
        data.defective = defective;
        assert_ok(report_stress_page(&data, &page, &err), err);
        char *text = strndup(page.at, page.size);
        assert_non_null(text);
        assert_non_null(strstr(text, "<h1>m&lt; on d</h1>"));
        assert_non_null(strstr(text, "Steps: 2, 4 % of the width. It holds to 2."));
        assert_non_null(
            strstr(text, "<td>4 % of the width</td><td>1.000</td><td>\xe2\x80\x93</td>"));
        assert_int_equal(strstr(text, "<th>AUROC</th>") != NULL, defective == 1);
        assert_null(strstr(text, "nan"));
        free(text);
        free(page.at);
    }
}

static void test_no_threshold(void **state)
{
    blm_model_info model = some_model;
    html_text page;
    blm_error err;
    (void)state;
    model.threshold = NAN;
    assert_int_equal(
        report_fit_page(&(report_fit){.model_name = "m", .model = &model}, &page, &err),
        BLM_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_outlines),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_reduction),
        cmocka_unit_test(test_no_picture),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_small_page),
        cmocka_unit_test(test_stress_page),
        cmocka_unit_test(test_no_threshold),
    };
    blm_recipe_init(&some_recipe);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
