# Metrics of a labelled data set.

m=data/model
expect 0 eval $m data/set
out_has 'AUROC'
cp out text
expect 0 eval $m data/set --json
out_lines 1
out_is_json
out_has '"image_auroc": (1|0\.[0-9]+)'
out_has '"pixel_auroc": (1|0\.[0-9]+)'
cp out json

# F1 at the model's threshold follows from the counts, and is at most the best F1.
number() { grep -o "\"$1\": [0-9.e-]*" json | head -n 1 | sed 's/.*: //'; }
awk -v alarms="$(number false_alarms)" -v misses="$(number misses)" \
    -v defective="$(number defective)" -v f1="$(number image_f1)" -v f1_max="$(number image_f1_max)" \
    -v pixel="$(number pixel_f1)" -v pixel_max="$(number pixel_f1_max)" 'BEGIN {
        hits = defective - misses
        off = f1 - 2 * hits / (hits + alarms + defective)
        exit !(hits > 0 && off < 1e-9 && off > -1e-9 && f1 <= f1_max && pixel > 0 && pixel <= pixel_max) }' ||
    fail 'F1 at the threshold is not what the counts say'
for of in images pixels; do
    grep -qE "^F1 of $of at the threshold: [0-9.]+ \(95% interval [0-9.]+ to [0-9.]+\)$" text || fail "no F1 of $of in the text"
done
awk -v f1="$(number pixel_f1)" -v low="$(number pixel_f1_low)" -v high="$(number pixel_f1_high)" \
    'BEGIN { exit !(low <= f1 && f1 <= high && low < high) }' || fail 'F1 is not in its interval'

# Folders of any name give the same numbers.
mkdir bad
for kind in data/set/test/*; do
    [ "$(basename "$kind")" = good ] || ln -s "../$kind" "bad/$(basename "$kind")"
done
expect 0 eval $m --good data/set/test/good --bad bad --masks data/set/ground_truth --json
numbers() { grep -o '"[a-z_0-9]*auroc": [0-9.]*' "$1"; }
[ "$(numbers out)" = "$(numbers json)" ] || fail 'the same images, other numbers'
expect 0 eval $m --good data/set/test/good --bad bad --json
out_has '"pixel_auroc": null'

# Missing folders are reported once.
expect 3 eval $m nowhere
err_is 'blemish: nowhere: no such folder'
mkdir empty
expect 3 eval $m empty
err_has '^blemish: empty: not a data set of a known layout'

# The mask of a page is the same page of the mask's file.
mkdir -p pages/bad/cut pages/masks/cut
cp "$root/tests/corpus/image/tiff_pages.tif" pages/bad/cut/a.tif
cp "$root/tests/corpus/image/tiff_pages.tif" pages/masks/cut/a_mask.tif
expect 0 eval $m --good data/set/test/good --bad pages/bad --masks pages/masks --json
err_lacks 'has no mask'
cp "$root/tests/corpus/image/tiff_stored.tif" pages/masks/cut/a_mask.tif
expect 3 eval $m --good data/set/test/good --bad pages/bad --masks pages/masks
err_has 'pages/bad/cut/a.tif#2: has no mask'
err_has '2 of 3 defective images have no mask'
