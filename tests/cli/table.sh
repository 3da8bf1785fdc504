# Every category of a root, beside published results.

mkdir root
cp -r data/set root/bottle
cp -r data/set root/flange
mkdir -p root/notes root/.hidden # no categories
expect 0 table root -o kept -q
out_has '^image AUROC in percent; published: .*table 2; PatchCore-1%: .*$'
out_has '98\.6 +100\.0 +94\.9 +98\.3 +100\.0 +100\.0  bottle$'
out_has '97\.1 +98\.1 +98\.1 +97\.6 +96\.7 +98\.5  bottle$'
out_has ' -  flange$'
out_has 'average of objects \(1\)$'
out_has '92\.1 +95\.0 +80\.7 +95\.2 +97\.9 +99\.0  average \(2\)$'
out_lacks textures
cp out first

# The same numbers as eval.
expect 0 fit data/set/train/good -o model -q
expect 0 eval model data/set
auroc=$(awk '$NF == "all" { printf "%.1f", 100 * $2; exit }' out)
grep -qE "^ *$auroc .* bottle" first || fail "eval says $auroc"
for of in image pixel; do
    f1=$(sed -nE "s/^F1 of ${of}s at the threshold: ([0-9.]+) .*$/\1/p" out | awk '{ printf "%.1f", 100 * $1 }')
    [ -n "$f1" ] || fail "eval says no F1 of ${of}s"
    sed -n "/^$of F1 in percent, at the model's own threshold/,/^$/p" first >own
    grep -qE "^ *$f1  bottle\$" own || fail "eval says F1 of ${of}s $f1"
    grep -qE "^ *$f1  average \(2\)\$" own || fail 'no average of F1'
done

# Kept results are used: changed numbers are printed.
sed -i 's/image_auroc [0-9.]*/image_auroc 0.125/' kept/bottle.result
expect 0 table root -o kept -q
out_has '^ *12\.5 .* bottle$'
# A result kept without F1, by an older program, is computed again.
sed -i 's/^blemish table 2/blemish table 1/' kept/bottle.result
expect 0 table root -o kept -q
out_lacks '^ *12\.5 '
# Another recipe, changed images and damaged results are computed again.
expect 0 table root -o kept -q --epsilon 0.02
out_lacks '^ *12\.5 '
expect 0 table root -o kept -q
cmp -s out first || fail 'other numbers after another recipe'
# The recipe counts exactly, and so does the build of the program.
sed -i 's/image_auroc [0-9.]*/image_auroc 0.125/' kept/bottle.result
expect 0 table root -o kept -q
out_has '^ *12\.5 .* bottle$'
expect 0 table root -o kept -q --epsilon 0.0100000000001
out_lacks '^ *12\.5 '
expect 0 table root -o kept -q
sed -i 's/image_auroc [0-9.]*/image_auroc 0.125/' kept/bottle.result
cp "$blemish" changed
printf x >>changed
./changed table root -o kept -q >out 2>err || fail 'a copy of the program fails'
out_lacks '^ *12\.5 '
expect 0 table root -o kept -q
sed -i 's/image_auroc [0-9.]*/image_auroc 0.125/' kept/bottle.result
cp "$(good 2)" "root/bottle/train/good/$(basename "$(good 1)")"
expect 0 table root -o kept -q
out_lacks '^ *12\.5 '
echo damaged >kept/flange.result
expect 0 table root -o kept -q
grep -q '^blemish table 2 key' kept/flange.result || fail 'kept what is damaged'

expect 0 table root -o kept --format markdown
out_has '^\| category \| blemish \| PSVDD \| InTra \| VT-ADL \| CutPaste \| paper \| PatchCore-1% \|$'
out_has '^\|---\|---\|---\|---\|---\|---\|---\|---\|$'
out_has '^\| bottle \| [0-9.]+ \| 98\.6 \| 100\.0 \| 94\.9 \| 98\.3 \| 100\.0 \| 100\.0 \|$'
out_has '^\| flange \| [0-9.]+ \|$'
expect 0 table root -o kept --format csv
out_has '^3,pixel AUROC,"bottle",object,PaDiM,98\.1000$'
out_has '^2,image AUROC,"average",all,paper,97\.9000$'
out_has '^,image F1,"flange",other,blemish,[0-9.]+$'
out_has '^,pixel F1,"average",all,blemish,[0-9.]+$'
expect 0 table root -o kept --format json
out_lines 1
out_is_json
out_has '"average_of": 2'
out_has '"image_f1": [0-9.]+, "pixel_f1": [0-9.]+'
out_has '"label": "average", "group": "all", "average_of": 2, "ours": \{"blemish": [0-9.]+\}, "published": \{"PSVDD": 92\.1,'
out_has '"metric": "pixel F1", "unit": "percent", "published": null,'
expect 0 table root -o kept --format html
out_has '<th scope="row">average of objects \(1\)</th>'
out_has 'scope="col">PatchCore-1%</th>'
! command -v python3 >/dev/null || python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse("out")' || fail 'no well-formed page'

# A category without masks has no pixel metrics, one that fails is left out; both are reported.
rm -r root/flange/ground_truth/*
expect 3 table root -o kept -q
err_has '8 of 8 defective images have no mask'
out_has '^ *[0-9.]+ .* flange$'
out_has '^ *- .* flange$'
out_has '^ *-  flange$'
out_has '^ *[0-9.]+  average \(1\)$'
rm -r root/flange/test/*
expect 3 table root -o kept -q
err_has 'no image in this folder'
out_has bottle
out_lacks flange
expect 3 table data/set
err_has 'no folder in it is a data set'
expect 3 table absent
expect 2 table

# Several weights: a column each, as if each were alone; a path is not a list.
mkdir several
mv root/bottle several
cp -r data/set several/pill
expect 0 table several -o kept -q -w ti/s
out_has '^ +ti +s +PSVDD .*category$'
cp out both
expect 0 table several -o kept -q -w ti/s
cmp out both || fail 'kept results differ'
expect 0 table several -o kept -q -w s/ti --format csv
grep '^2,.*,s,' out >second
expect 0 table several -q -w s --format csv
sed -n 's/^\(2,.*\),blemish,/\1,s,/p' out | cmp - second || fail 'a column depends on the others'
cp "$root/weights/contnet-ti.safetensors" my.safetensors
for path in ./my.safetensors "$PWD/my.safetensors,s"; do
    expect 0 table several -q -w "$path"
    out_has '^ blemish +PSVDD'
done
expect 2 table several -q -w ti/ti
err_is 'blemish: --weights: "ti" is there twice'
expect 3 table several -q -w ti/nothing
err_has 'weights "nothing"'
# Averages are over the categories that all columns have.
sed -i 's/image_auroc [0-9.]*/image_auroc nan/' kept/pill.ti.result
expect 0 table several -o kept -q -w ti/s
out_has '^ +- +[0-9.]+ +86\.1 .* pill$'
out_has '^ +[0-9.]+ +[0-9.]+ +92\.1 .* average \(1\)$'
