// score_one: scores an image (example 1 of 3).
//
//     score_one MODEL IMAGE
//
// The model comes from `blemish fit` or from the next example.
#include <blemish/blemish.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    blm_model *model = NULL;
    blm_scorer *scorer = NULL;
    blm_image *image = NULL;
    blm_result result;
    blm_error err;
    if (argc != 3)
        return 2;

    // Every call that can fail returns a status and writes one line of text to err.
    const int failed = blm_model_open(argv[1], &model, &err) ||
                       blm_scorer_new(model, NULL, &scorer, &err) ||
                       blm_image_read(argv[2], NULL, &image, &err) ||
                       blm_scorer_run(scorer, image, &result, &err);
    if (failed)
        fprintf(stderr, "%s\n", err.text);
    else
        printf("%s: %.2f of %.2f, %s\n", argv[2], result.score, result.threshold,
            blm_verdict_name(result.verdict));

    // Objects that were not created are NULL, which _free allows.
    blm_image_free(image);
    blm_scorer_free(scorer);
    blm_model_free(model);
    return failed;
}
