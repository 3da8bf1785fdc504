// Areas under the ROC curve in percent, as printed in M. Dini, E. Rahtu, "Visual Anomaly
// Detection and Localization with a Patch-Wise Transformer and Convolutional Model",
// VISAPP 2023, and, in the last column, in K. Roth et al., "Towards Total Recall in
// Industrial Anomaly Detection", CVPR 2022, with 1 % of the features kept: a transcript
// of its supplement, in the README of hcw-00/PatchCore_anomaly_detection.  The averages
// are the papers' own (Roth et al. have none of objects and textures); those of the rows
// differ from them by 0.07 at most.  Figures of PatchCore with 10 and 25 % and of
// AnomalyDINO for each category could not be verified and are left out.
#include "apps/blemish/cli_published.h"

#include <math.h>
#include <string.h>

#define SOURCE "Dini & Rahtu, VISAPP 2023"
#define PATCHCORE "Roth et al., CVPR 2022"

// clang-format off

const cli_published cli_published_images = {
    .number = 2,
    .title = "image AUROC",
    .source = SOURCE ", table 2; PatchCore-1%: " PATCHCORE ", supplement",
    .methods = {"PSVDD", "InTra", "VT-ADL", "CutPaste", "paper", "PatchCore-1%"},
    .rows =
        {
            {"bottle", CLI_OBJECT, {98.6, 100, 94.9, 98.3, 100, 100}},
            {"cable", CLI_OBJECT, {90.3, 70.3, 77.6, 80.6, 99.4, 99.3}},
            {"capsule", CLI_OBJECT, {76.7, 86.5, 67.2, 96.2, 95.9, 98}},
            {"hazelnut", CLI_OBJECT, {92, 95.7, 89.7, 97.3, 100, 100}},
            {"metal_nut", CLI_OBJECT, {94, 96.9, 72.6, 99.3, 99.8, 99.7}},
            {"pill", CLI_OBJECT, {86.1, 90.2, 70.5, 92.4, 95.6, 97}},
            {"screw", CLI_OBJECT, {81.3, 95.7, 92.8, 86.3, 92.2, 96.4}},
            {"toothbrush", CLI_OBJECT, {100, 100, 90.1, 98.3, 91.7, 100}},
            {"transistor", CLI_OBJECT, {91.5, 95.8, 79.6, 95.5, 99.8, 99.9}},
            {"zipper", CLI_OBJECT, {97.9, 99.4, 80.8, 99.4, 97.4, 99.2}},
            {"carpet", CLI_TEXTURE, {92.9, 98.8, 77.3, 93.1, 100, 98}},
            {"grid", CLI_TEXTURE, {94.6, 100, 87.1, 99.9, 98.3, 98.6}},
            {"leather", CLI_TEXTURE, {90.9, 100, 72.8, 100, 100, 100}},
            {"tile", CLI_TEXTURE, {97.8, 98.2, 79.6, 93.4, 99.9, 99.4}},
            {"wood", CLI_TEXTURE, {96.5, 97.5, 78.1, 98.6, 99.1, 99.2}},
        },
    .averages =
        {
            {90.8, 93, 81.6, 94.3, 97.2, NAN},
            {94.5, 98.9, 79, 97, 99.4, NAN},
            {92.1, 95, 80.7, 95.2, 97.9, 99},
        },
};

const cli_published cli_published_pixels = {
    .number = 3,
    .title = "pixel AUROC",
    .source = SOURCE ", table 3; PatchCore-1%: " PATCHCORE ", supplement",
    .methods = {"InTra", "PSVDD", "PaDiM", "CutPaste", "paper", "PatchCore-1%"},
    .rows =
        {
            {"bottle", CLI_OBJECT, {97.1, 98.1, 98.1, 97.6, 96.7, 98.5}},
            {"cable", CLI_OBJECT, {91, 96.8, 95.8, 90, 97.5, 98.2}},
            {"capsule", CLI_OBJECT, {97.7, 95.8, 98.3, 97.4, 97.4, 98.8}},
            {"hazelnut", CLI_OBJECT, {98.3, 97.5, 97.7, 97.3, 97.8, 98.6}},
            {"metal_nut", CLI_OBJECT, {93.3, 98, 96.7, 93.1, 96.4, 98.4}},
            {"pill", CLI_OBJECT, {98.3, 95.1, 94.7, 95.7, 93.7, 97.1}},
            {"screw", CLI_OBJECT, {99.5, 95.7, 97.4, 96.7, 96.8, 99.2}},
            {"toothbrush", CLI_OBJECT, {98.9, 98.1, 98.7, 98.1, 97.6, 98.5}},
            {"transistor", CLI_OBJECT, {96.1, 97, 97.2, 93, 98.5, 94.9}},
            {"zipper", CLI_OBJECT, {99.2, 95.1, 98.2, 99.3, 96.2, 98.8}},
            {"carpet", CLI_TEXTURE, {99.2, 92.6, 98.9, 98.3, 99.3, 98.9}},
            {"grid", CLI_TEXTURE, {98.8, 96.2, 94.9, 97.5, 96.5, 98.6}},
            {"leather", CLI_TEXTURE, {99.5, 97.4, 99.1, 99.5, 98.6, 99.3}},
            {"tile", CLI_TEXTURE, {94.4, 91.4, 91.2, 90.5, 93.4, 96.1}},
            {"wood", CLI_TEXTURE, {88.7, 90.8, 93.6, 95.5, 92.9, 95.1}},
        },
    .averages =
        {
            {96.9, 96.7, 97.3, 95.8, 96.9, NAN},
            {96.1, 93.7, 95.6, 96.3, 96.1, NAN},
            {96.6, 95.7, 96.7, 96, 96.6, 98},
        },
};

// clang-format on

const cli_published_row *cli_published_find(
    const cli_published *table, const char *category)
{
    for (size_t i = 0; i < CLI_CATEGORIES; i++)
        if (strcmp(table->rows[i].category, category) == 0)
            return &table->rows[i];
    return NULL;
}
