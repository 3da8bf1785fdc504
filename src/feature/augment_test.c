// Tests of variations: the text, and the pixels.
#include <math.h>
#include <string.h>

#include "src/feature/augment.h"
#include "tests/check.h"

enum { WIDTH = 40, HEIGHT = 30 };

static blm_error err;

static blmi_augment parse(const char *text)
{
    blmi_augment out;
    assert_ok(blmi_augment_parse(text, &out, &err), err);
    return out;
}

static void test_text(void **state)
{
    (void)state;
    static const char *const texts[][2] = {{"", ""}, {"flip", "flip,variations:3"},
        {"turn:2,light:0.8-1.2", "light:0.8-1.2,turn:2,variations:3"},
        {"variations:15,shift:1%", "shift:1%,variations:15"},
        {"light:0.80-1.20,shift:1.0%,turn:2,flip,variations:1",
            "light:0.8-1.2,shift:1%,turn:2,flip,variations:1"},
        {"light:1.5-1.5", "light:1.5-1.5,variations:3"}};
    char text[BLM_FIELD_TEXT];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        blmi_augment augment = parse(texts[i][0]);
        blmi_augment_print(&augment, text);
        assert_string_equal(text, texts[i][1]);
        augment = parse(text);
        blmi_augment_print(&augment, text);
        assert_string_equal(text, texts[i][1]);
    }
}

static void test_wrong_text(void **state)
{
    (void)state;
    static const char *const texts[][2] = {{"variations:3", "would not differ"},
        {"light:2", "light takes LOW-HIGH"}, {"light", "light takes"},
        {"light:1.2-0.8", "light takes"}, {"light:0-1", "light takes"},
        {"light:1-nan", "light takes"}, {"shift:1", "shift takes N%"},
        {"shift:%", "shift takes"}, {"shift:-1%", "shift takes"},
        {"shift:26%", "shift takes"}, {"turn:0", "turn takes"},
        {"turn:181", "turn takes"}, {"flip:x", "flip takes no value"},
        {"flip,variations:16", "variations takes"},
        {"flip,variations:1.5", "variations takes"}, {"flip,flip", "flip is there twice"},
        {"blur:2", "\"blur:2\" is unknown"}, {"flip,", "\"\" is unknown"},
        {"Flip", "is unknown"}};
    blmi_augment out;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(blmi_augment_parse(texts[i][0], &out, &err), BLM_EUSAGE);
        assert_int_equal(strncmp(err.text, "augment \"", 9), 0);
        assert_non_null(strstr(err.text, texts[i][1]));
    }
    char word[300];
    memset(word, 'x', sizeof word);
    word[299] = '\0';
    assert_int_equal(blmi_augment_parse(word, &out, &err), BLM_EUSAGE);
}

static void paint(uint8_t rgb[HEIGHT * WIDTH * 3])
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                rgb[(y * WIDTH + x) * 3 + c] = (uint8_t)(60 + 2 * x + y + 10 * c);
}

static blm_image *variation_of(
    const char *text, int64_t seed, int number, const blm_image *image)
{
    const blmi_augment augment = parse(text);
    blm_image *out = NULL;
    assert_ok(blmi_augment_image(&augment, seed, number, image, &out, &err), err);
    assert_int_equal(out->width, WIDTH);
    assert_int_equal(out->height, HEIGHT);
    return out;
}

// Equal arguments give equal variations, others give others.
static void test_equal(void **state)
{
    (void)state;
    uint8_t rgb[HEIGHT * WIDTH * 3];
    blm_image image = {.width = WIDTH, .height = HEIGHT, .channels = 3, .rgb = rgb};
    const char *text = "light:0.8-1.2,shift:5%,turn:10";
    paint(rgb);
    blm_image *all[] = {variation_of(text, 0, 0, &image),
        variation_of(text, 0, 0, &image), variation_of(text, 0, 1, &image),
        variation_of(text, 1, 0, &image), NULL};
    rgb[5]++;
    all[4] = variation_of(text, 0, 0, &image);
    assert_memory_equal(all[0]->rgb, all[1]->rgb, sizeof rgb);
    for (int i = 2; i < 5; i++) {
        int differ = 0;
        for (size_t k = 0; k < sizeof rgb; k++)
            differ += abs(all[0]->rgb[k] - all[i]->rgb[k]) > 1;
        assert_true(differ > 100);
    }
    for (int i = 0; i < 5; i++)
        blm_image_free(all[i]);
}

// Each variation by itself does what its name says: a plane stays a plane.
static void test_pixels(void **state)
{
    (void)state;
    uint8_t rgb[HEIGHT * WIDTH * 3];
    const blm_image image = {.width = WIDTH, .height = HEIGHT, .channels = 3, .rgb = rgb};
    int mirrored = 0;
    paint(rgb);
    for (int number = 0; number < 20; number++) {
        blm_image *light = variation_of("light:0.5-0.5", 0, number, &image);
        blm_image *flip = variation_of("flip", 0, number, &image);
        blm_image *moved = variation_of("shift:10%", 0, number, &image);
        blm_image *turned = variation_of("turn:5", 0, number, &image);
        mirrored += flip->rgb[0] != rgb[0];
        for (int k = 0; k < HEIGHT * WIDTH * 3; k++) {
            const int x = k / 3 % WIDTH, y = k / 3 / WIDTH, c = k % 3;
            const int other = (y * WIDTH + WIDTH - 1 - x) * 3 + c;
            assert_int_equal(light->rgb[k], (rgb[k] + 1) / 2);
            assert_int_equal(flip->rgb[k], flip->rgb[0] != rgb[0] ? rgb[other] : rgb[k]);
        }
        const int middle = (HEIGHT / 2 * WIDTH + WIDTH / 2) * 3;
        const int change = moved->rgb[middle] - rgb[middle];
        assert_true(abs(change) <= 2 * 4 + 3 + 1);
        for (int x = 10; x < WIDTH - 10; x++) {
            const int at = (HEIGHT / 2 * WIDTH + x) * 3;
            assert_true(abs(moved->rgb[at] - rgb[at] - change) <= 1);
            assert_true(abs(turned->rgb[at] - rgb[at]) <= 4);
        }
        blm_image_free(light);
        blm_image_free(flip);
        blm_image_free(moved);
        blm_image_free(turned);
    }
    assert_true(mirrored > 4 && mirrored < 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_wrong_text),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
