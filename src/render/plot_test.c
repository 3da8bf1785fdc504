#include <locale.h>
#include <math.h>
#include <string.h>

#include "blemish/render.h"
#include "src/render/render_text.h"
#include "tests/check.h"

// A finished text as a string, which the caller frees by free().
static char *string_of(blm_bytes *bytes)
{
    char *text = malloc(bytes->size + 1);
    assert_non_null(text);
    memcpy(text, bytes->data, bytes->size);
    text[bytes->size] = '\0';
    assert_int_equal(strlen(text), bytes->size);
    blm_bytes_free(bytes);
    return text;
}

static size_t times(const char *text, const char *part)
{
    size_t count = 0;
    for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
        count++;
    return count;
}

static char *number(double value)
{
    blmi_text text = {0};
    blm_bytes out;
    blm_error err;
    blmi_text_put_number(&text, value);
    assert_ok(blmi_text_finish(&text, &out, &err), err);
    return string_of(&out);
}

static void test_numbers(void **state)
{
    (void)state;
    setlocale(LC_ALL, ""); // with any decimal sign
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"}, {-0.001, "0"}, {1.5, "1.5"}, {-1.25, "-1.25"}, {0.05, "0.05"},
        {-0.05, "-0.05"}, {3, "3"}, {99.999, "100"}, {1e12, "1000000000000"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = number(cases[i].value);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

static char *escaped(const char *utf8)
{
    blmi_text text = {0};
    blm_bytes out;
    blm_error err;
    blmi_text_put_escaped(&text, utf8);
    blmi_text_put(&text, ".");
    assert_ok(blmi_text_finish(&text, &out, &err), err);
    return string_of(&out);
}

static void test_escaping(void **state)
{
    (void)state;
#define BAD "\xef\xbf\xbd"
    static const char *const cases[][2] = {
        {"", "."},
        {"<a href=\"x\">'&'", "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;."},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
            "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80."},
        {"a\nb\x7f", "a" BAD "b" BAD "."},
        {"\xc3", BAD "."},                         // truncated
        {"\xc0\xbc", BAD BAD "."},                 // '<', encoded too long
        {"\xed\xa0\x80", BAD BAD BAD "."},         // half a surrogate pair
        {"\xf4\x90\x80\x80", BAD BAD BAD BAD "."}, // above U+10FFFF
        {"\xef\xbf\xbf", BAD BAD BAD "."},         // U+FFFF
        {"\xc2\x85", BAD BAD "."},                 // a control character
        {"\xff<", BAD "&lt;."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = escaped(cases[i][0]);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

static void test_long_text(void **state)
{
    (void)state;
    blmi_text text = {0};
    blm_bytes out;
    blm_error err;
    for (int i = 0; i < 20000; i++)
        blmi_text_put(&text, "%05d", i);
    assert_ok(blmi_text_finish(&text, &out, &err), err);
    assert_int_equal(out.size, 100000);
    for (int i = 0; i < 20000; i += 999) {
        char expected[6];
        snprintf(expected, sizeof expected, "%05d", i);
        assert_memory_equal(out.data + 5 * i, expected, 5);
    }
    blm_bytes_free(&out);
}

static const blm_axis unit_x = {"false positive rate", 0, 1};
static const blm_axis unit_y = {"true positive rate", 0, 1};

static void test_curves(void **state)
{
    (void)state;
    const double x[] = {0, 0.25, NAN, 0.5, 1}, y[] = {0, 0.5, 0.5, 1, 1};
    const blm_curve curves[] = {{"AUROC <1>", x, y, 5}, {NULL, x, y, 2}};
    blm_bytes out;
    blm_error err;
    assert_ok(
        blm_plot_curves("ROC & more", &unit_x, &unit_y, curves, 2, &out, &err), err);
    char *svg = string_of(&out);
    // 480 x 320 pixels, y upwards; a gap begins a new line.
    assert_non_null(strstr(svg, "d='M0 320L120 160M240 0L480 0'"));
    assert_non_null(strstr(svg, "d='M0 320L120 160'"));
    assert_non_null(strstr(svg, ">ROC &amp; more</text>"));
    assert_int_equal(times(svg, "AUROC &lt;1&gt;"), 1);
    static const char *const labels[] = {
        ">0</text>", ">0.1</text>", ">0.9</text>", ">1.0</text>"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(times(svg, labels[i]), 2);
    assert_int_equal(times(svg, "<svg"), 2);
    assert_int_equal(times(svg, "</svg>"), 2);
    assert_null(strstr(svg, "nan"));
    free(svg);
}

static void test_long_curve_is_thinned(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    double *xy = malloc(2 * COUNT * sizeof *xy);
    assert_non_null(xy);
    for (int i = 0; i < COUNT; i++)
        xy[i] = xy[COUNT + i] = i / (COUNT - 1.0);
    const blm_curve curve = {NULL, xy, xy + COUNT, COUNT};
    blm_bytes out;
    blm_error err;
    assert_ok(blm_plot_curves(NULL, &unit_x, &unit_y, &curve, 1, &out, &err), err);
    char *svg = string_of(&out);
    assert_true(strlen(svg) < 60000);
    assert_non_null(strstr(svg, "L480 0'")); // the last point is kept
    free(svg);
    free(xy);
}

static char *tick_labels(double low, double high)
{
    const blm_axis x = {NULL, low, high};
    blm_bytes out;
    blm_error err;
    assert_ok(blm_plot_curves(NULL, &x, &unit_y, NULL, 0, &out, &err), err);
    return string_of(&out);
}

static void test_ticks(void **state)
{
    (void)state;
    static const struct {
        double low, high;
        const char *there[3], *not_there;
    } cases[] = {
        {-3, 4, {">-3</text>", ">0</text>", ">4</text>"}, ">5</text>"},
        {40, 117, {">40</text>", ">50</text>", ">110</text>"}, ">120</text>"},
        {-0.03, 0.05, {">-0.03</text>", ">-0.01</text>", ">0.05</text>"},
            ">-0.04</text>"},
        {0, 2e6, {">200000</text>", ">1000000</text>", ">2000000</text>"}, "e6<"},
        {1e-9, 9e-9, {">1e-9</text>", ">5e-9</text>", ">9e-9</text>"}, ">10e-9"},
        {1e20, 2e20, {">10e19</text>", ">15e19</text>", ">20e19</text>"}, ">21e19"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *svg = tick_labels(cases[i].low, cases[i].high);
        for (int k = 0; k < 3; k++)
            if (strstr(svg, cases[i].there[k]) == NULL)
                fail_msg(
                    "%g to %g: no %s", cases[i].low, cases[i].high, cases[i].there[k]);
        assert_null(strstr(svg, cases[i].not_there));
        free(svg);
    }
    free(tick_labels(1e15, 1e15 + 1)); // too fine for ticks, but valid
}

static void test_bad_axes(void **state)
{
    (void)state;
    const blm_axis bad[] = {{NULL, 1, 1}, {NULL, 1, 0}, {NULL, NAN, 1}, {NULL, 0, NAN},
        {NULL, -INFINITY, 0}, {NULL, -1e308, 1e308}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blm_bytes out;
        blm_error err;
        assert_int_equal(
            blm_plot_curves(NULL, &bad[i], &unit_y, NULL, 0, &out, &err), BLM_EUSAGE);
        assert_int_equal(
            blm_plot_curves(NULL, &unit_x, &bad[i], NULL, 0, &out, &err), BLM_EUSAGE);
    }
}

static void test_histogram(void **state)
{
    (void)state;
    // 40 bins of 12 pixels from 0 to 40: value v is in bin v, 40 in the last.
    const double good[] = {0, 1.5, 1.6, NAN, INFINITY}, bad[] = {39.5, 40};
    const double marks[] = {20, NAN};
    const blm_sample_set sets[] = {{"good", good, 5}, {"defective", bad, 2}};
    blm_bytes out;
    blm_error err;
    assert_ok(blm_plot_histogram("Scores", "score", sets, 2, marks, 2, &out, &err), err);
    char *svg = string_of(&out);
    // The y axis ends at 5: 64 pixels per count.
    assert_non_null(strstr(svg, "<rect x='0' y='256' width='12' height='64'/>"));
    assert_non_null(strstr(svg, "<rect x='12' y='192' width='12' height='128'/>"));
    assert_non_null(strstr(svg, "<rect x='468' y='192' width='12' height='128'/>"));
    assert_int_equal(times(svg, "width='12'"), 3);
    assert_int_equal(times(svg, "stroke-dasharray"), 1);
    assert_non_null(strstr(svg, "<line x1='240' y1='0' x2='240' y2='320'"));
    free(svg);

    const double odd[] = {5, 5, NAN};
    for (size_t first = 0; first < 3; first++) { // equal values; none at all
        const blm_sample_set set = {NULL, odd + first, 3 - first};
        assert_ok(blm_plot_histogram(NULL, NULL, &set, 1, NULL, 0, &out, &err), err);
        svg = string_of(&out);
        assert_int_equal(times(svg, "width='12'"), first < 2);
        free(svg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_escaping),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_long_curve_is_thinned),
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_bad_axes),
        cmocka_unit_test(test_histogram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
