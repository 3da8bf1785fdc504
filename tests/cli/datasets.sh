# Layouts of published data sets: each is recognised by its folders, and the same images give the
# same numbers and the same model in every layout.

m=data/model
kinds='contamination dent missing scratch'

numbers() { grep -oE '"(image|pixel)_auroc": [0-9.a-z]*' out | head -n 2; }
expect 0 eval $m data/set --json
reference=$(numbers)

pgm() { # FILE VALUE: an image of one grey level, of the size of those of the set
    awk -v v="$2" 'BEGIN { print "P2 96 96 255"; for (i = 0; i < 96 * 96; i++) print v }' >"$1"
}
pgm black.pgm 0

# Copies all defective images and their masks: FOLDER, then the name of a mask with %s for the name
# of its image.
copy_bad() {
    mkdir -p "$1"
    for kind in $kinds; do
        for image in data/set/test/$kind/*.png; do
            name=${kind}_$(basename "$image" .png)
            cp "$image" "$1/$name.png"
            # shellcheck disable=SC2059 # a pattern
            mask=$(printf "$2" "$name")
            mkdir -p "$(dirname "$mask")"
            cp "data/set/ground_truth/$kind/$(basename "$image" .png)_mask.png" "$mask"
        done
    done
}

# Checks that eval and fit read a data set: FOLDER LAYOUT TRAIN, the last a folder of its training
# images, or -.
check() {
    expect 0 eval $m "$1" --json
    [ "$(numbers)" = "$reference" ] || fail "$2: other numbers"
    expect 0 fit "$1" -o as-a-set -w ti
    err_has "^blemish: $1: a data set like $2: learning from its 12 good training images$"
    [ "$3" = - ] && return
    expect 0 fit "$3" -o as-a-folder -q -w ti
    cmp -s as-a-set as-a-folder || fail "$2: fit reads other images"
}
check data/set 'MVTec AD' data/set/train/good

mkdir -p btad/train btad/test
cp -r data/set/train/good btad/train/ok
cp -r data/set/test/good btad/test/ok
copy_bad btad/test/ko btad/ground_truth/ko/%s.png
check btad BTAD btad/train/ok

# All of several masks count: the first one marks nothing.
mkdir -p loco/train loco/test loco/validation
cp -r data/set/train/good loco/train/good
cp -r data/set/test/good loco/validation/good
cp -r data/set/test/good loco/test/good
copy_bad loco/test/logical_anomalies loco/ground_truth/logical_anomalies/%s/001.png
for folder in loco/ground_truth/logical_anomalies/*; do
    cp black.pgm "$folder/000.png"
done
check loco 'MVTec LOCO AD' loco/train/good

mkdir -p ad2/train ad2/validation ad2/test_public ad2/test_private
cp -r data/set/train/good ad2/train/good
cp -r data/set/test/good ad2/validation/good
cp -r data/set/test/good ad2/test_public/good
cp "$(good)" ad2/test_private/000_mixed.png
copy_bad ad2/test_public/bad ad2/test_public/ground_truth/bad/%s_mask.png
check ad2 'MVTec AD 2' ad2/train/good
expect 0 eval $m ad2
err_lines 0

# VisA has a list of training images; here with the line ends of Windows.
mkdir -p visa/split_csv visa/candle/Data/Images/Normal
printf 'object,split,label,image,mask\r\n' >visa/split_csv/1cls.csv
row() { printf 'candle,%s,%s,%s,%s\r\n' "$@" >>visa/split_csv/1cls.csv; }
for split in train test; do
    for image in data/set/$split/good/*.png; do
        cp "$image" "visa/candle/Data/Images/Normal/$split$(basename "$image")"
        row $split normal "candle/Data/Images/Normal/$split$(basename "$image")" ''
    done
done
copy_bad visa/candle/Data/Images/Anomaly visa/candle/Data/Masks/Anomaly/%s.png
for image in visa/candle/Data/Images/Anomaly/*.png; do
    name=$(basename "$image")
    row test anomaly "candle/Data/Images/Anomaly/$name" "candle/Data/Masks/Anomaly/$name"
done
printf 'pcb1,test,normal,pcb1/Data/Images/Normal/0000.JPG,\r\n' >>visa/split_csv/1cls.csv
check visa/candle VisA -
# With the category as ".", and without the list, where all images are test images.
(cd visa/candle && "$blemish" eval "../../$m" . --json >../../out 2>../../err) || fail 'visa/candle as .'
[ "$(numbers)" = "$reference" ] || fail 'VisA from inside: other numbers'
mv visa/split_csv visa/away
expect 0 eval $m visa/candle --json
err_has 'without its list \.\./split_csv/1cls\.csv: all images are test images'
out_has '"good": 16,'
expect 3 fit visa/candle -o new
err_has 'without training images, expected train/good'
absent new
mv visa/away visa/split_csv

# Real-IAD has a list too; masks are beside the images.
jack=iad/realiad_256/audiojack
mkdir -p $jack/OK/S0001 $jack/NG/AK/S0002 iad/realiad_jsons
objects() { # SPLIT: the good images
    for image in data/set/"$1"/good/*.png; do
        name=OK/S0001/$1_$(basename "$image")
        cp "$image" "$jack/$name"
        printf '{"category": "audiojack", "anomaly_class": "OK", "image_path": "%s", "mask_path": null},\n' "$name"
    done
}
copy_bad $jack/NG/AK/S0002 $jack/NG/AK/S0002/%s_m.png
{
    echo '{"meta": {"prefix": "audiojack/", "normal_class": "OK", "sizes": [1, 2]},'
    echo '"train": ['
    objects train
    echo '{"anomaly_class": "AK", "image_path": "NG/AK/S0002/x.png", "mask_path": "y"}], "test": ['
    objects test
    for mask in "$jack"/NG/AK/S0002/*_m.png; do
        name=NG\\/AK\\/S0002\\/$(basename "$mask" _m.png)
        printf '{"mask_path": "%s_m.png", "image_path": "%s.png", "anomaly_class": "AK"},\n' "$name" "$name"
    done
    echo '{}]}'
} >iad/realiad_jsons/audiojack.json
check $jack Real-IAD -

# KolektorSDD2 has a mask beside every image; an image is good if its mask is empty.
mkdir -p kolektor/train kolektor/test
for split in train test; do
    for image in data/set/$split/good/*.png; do
        name=kolektor/$split/1$(basename "$image" .png)
        cp "$image" "$name.png"
        cp black.pgm "${name}_GT.png"
    done
done
copy_bad kolektor/test kolektor/test/%s_GT.png
cp "$(find data/set/test/dent -name '*.png' | head -n 1)" kolektor/train/2.png
cp "$(find data/set/ground_truth/dent -name '*.png' | head -n 1)" kolektor/train/2_GT.png
check kolektor KolektorSDD2 -

# All of them are categories for table; sweep reads them.
expect 0 table . -q --format csv
for name in btad loco ad2 kolektor; do
    out_has "image AUROC,\"$name\",other,blemish,"
done
expect 0 sweep visa/candle -q --epsilon 0.01 --unit-variance no --json
out_has '"image_auroc": '

# Folders of good images are those called good, ok or normal.
mkdir -p named/test
cp -r data/set/test/dent named/test/dent
cp -r data/set/test/good named/test/Normal
expect 0 eval $m named --json
out_has '"good": [1-9]'
out_has '"kinds": \{"dent"'
out_lacks Normal
# Good images in the folder of --bad are left out.
expect 0 eval $m --good data/set/test/good --bad data/set/test --json
[ "$(numbers | head -n 1)" = "$(echo "$reference" | head -n 1)" ] || fail 'good images among the bad ones'
err_has 'a good image below the folder of --bad: left out'

# All missing masks are reported; there are still image metrics.
cp -r data/set missing
rm missing/ground_truth/dent/*_mask.png
expect 3 eval $m missing --json
err_lines $(($(find data/set/test/dent -name '*.png' | wc -l) + 1))
err_has '^blemish: missing/test/dent/[0-9]+\.png: has no mask$'
err_has 'defective images have no mask, expected missing/ground_truth/KIND/NAME_mask\.png or the like: no pixel metrics$'
[ "$(numbers | head -n 1)" = "$(echo "$reference" | head -n 1)" ] || fail 'no image metrics'
out_has '"pixel_auroc": null'

# Odd masks are used, and reported once.
odd() { # MASK PATTERN
    rm -rf odd
    cp -r data/set odd
    for mask in odd/ground_truth/dent/*; do cp "$1" "$mask"; done
    expect 0 eval $m odd
    err_lines 1
    err_has "^blemish: odd/ground_truth/dent/[0-9]+_mask\.png: the mask $2"
    expect 0 eval $m odd -q
    err_lines 0
    expect 0 sweep odd --epsilon 0.01,0.1 --unit-variance no --no-progress
    err_lines 1
}
odd black.pgm 'marks nothing: .* \([0-9]+ such masks\)$'
pgm white.pgm 255
odd white.pgm 'marks most of its image and all corners: inverted\?'
awk 'BEGIN { print "P2 96 96 255"; for (i = 0; i < 96 * 96; i++) print i < 900 ? i % 30 : 0 }' >grey.pgm
odd grey.pgm 'has many grey levels: all above 0 count as defect'
base64 -d >alpha.png <<END
iVBORw0KGgoAAAANSUhEUgAAAGAAAABgCAYAAADimHc4AAAAP0lEQVR42u3BMQEAAAgDoPUvrQvgYQAg
OUwFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD4WpbrA/2AJ9vPAAAAAElFTkSuQmCC
END
odd alpha.png 'has an alpha channel: it is ignored'

# With masks that cannot be used there are image metrics, but no pixel metrics.
for mask in odd/ground_truth/dent/*; do echo 'P2 1 1 255 255' >"$mask"; done
expect 3 eval $m odd --json
err_has '_mask\.png: 1 x 1 pixels, but its image has 96 x 96$'
err_has 'masks cannot be used: no pixel metrics$'
[ "$(numbers | head -n 1)" = "$(echo "$reference" | head -n 1)" ] || fail 'no image metrics'
out_has '"pixel_auroc": null'

# Odd masks of a region of interest are reported too.
awk 'BEGIN { print "P2 96 96 255"; for (i = 0; i < 96 * 96; i++) print i % 200 + 1 }' >grey.pgm
expect 0 fit data/set/train/good -w ti --region grey.pgm -o new
err_has '^blemish: grey\.pgm: has many grey levels: all above 0 are inspected$'
expect 0 fit data/set/train/good -w ti --region grey.pgm -o new -q
err_lines 0
rm new

# Not a data set.
mkdir -p strange/a
cp "$(good)" strange/a/
expect 3 eval $m strange
err_is 'blemish: strange: not a data set of a known layout, expected the folders train/good and test (see blemish-eval(1))'
