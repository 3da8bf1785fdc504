# Metrics of a data set whose truth is known.

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

# What is not there is said once.
expect 3 eval $m nowhere
err_is 'blemish: nowhere: no such folder'
mkdir empty
expect 3 eval $m empty
err_is 'blemish: empty/test: no such folder'
