# Calibration, groups, regions of interest, unseen properties.

json() { sed "s/.*\"$1\": \(\"[^\"]*\"\|[^,}]*\).*/\1/" out; } # the first member of that name

# In place: only the thresholds change.
cp data/model model
before=$(cksum <model)
expect 0 calibrate model --false-alarm 0.3
out_has '^threshold: [0-9.]+, from 12 good images, each scored by a model of the others$'
out_has '^    at most 0\.3 of good images should reach it$'
out_has '^    an estimate, not a promise: .* 12 images show rates$'
err_is ''
[ "$(cksum <model)" != "$before" ] || fail 'the model has not changed'
expect 0 calibrate model --false-alarm 0.01
cmp model data/model || fail 'the same calibration gives other bytes'
expect 0 calibrate model -o other --false-alarm 0.2 --review 0.4
cmp model data/model || fail '-o changed the model itself'
out_has '^review threshold: [0-9.]+, for 0\.4 of good images$'
expect 0 calibrate other
out_has '^review threshold: [0-9.]+, for 0\.4'
expect 0 calibrate other --false-alarm 0.2
out_lacks '^review'
expect 0 detect model data/set/train/good
cp out scores
expect 0 detect other data/set/train/good
cut -f 1,2 scores >one
cut -f 1,2 out | cmp - one || fail 'scores depend on the threshold'

# A smaller rate gives a higher threshold; a rate that is too small is reported.
last=0
for rate in 0.5 0.2 0.08 0.01 0.0001; do
    expect 0 calibrate data/model -o other --false-alarm $rate --json
    out_is_json
    awk "BEGIN { exit !($(json threshold) >= $last) }" || fail 'thresholds must rise'
    last=$(json threshold)
done
out_has '"threshold_method": "tail"'
out_has '"promised_rate": null'
out_has '"finest_rate": 0\.076923'

# The promise of held-out images.
expect 0 calibrate data/model data/set/test/good -o other --false-alarm 0.34 --json
n=$(find data/set/test/good -name '*.png' | wc -l)
out_has '"score_source": "held_out"'
out_has "\"good_scores\": $n,"
awk "BEGIN { k = int(0.34 * ($n + 1) + 1e-9); if (k < 1) k = 1
    d = $(json promised_rate) - k / ($n + 1); exit !(d * d < 1e-12) }" || fail 'the promise'
expect 0 calibrate data/model data/set/test/good -o other --false-alarm 0.34
out_has '^    promised: on average at most 0\.[0-9]+ of good images reach it'
expect 0 info other
out_has 'good images held out from the fit$'
# Held-out images must not be those of the fit, and must be readable.
expect 3 calibrate data/model data/set/train/good -o new
err_has 'the model was fitted on this image'
absent new
mkdir held
for f in data/set/test/good/*.png; do cp "$f" held/; done
echo nothing >held/bad.png
expect 3 calibrate data/model held -o new
err_lines 1
absent new
expect 0 calibrate data/model held -o new --skip-bad --json
err_has '^blemish: held/bad\.png: '
out_has "\"good_scores\": $n,"
# Back to leave one out: the model has kept the names.
expect 0 calibrate new --group-by prefix:2 --json
out_has '"score_source": "leave_group_out"'

# The smallest defect, set by fit or later.
expect 0 fit data/set/train/good -o area --min-area 50
expect 0 calibrate data/model -o other --min-area 50
cmp area other || fail 'the smallest defect that is set later gives another model'
expect 0 calibrate data/model data/set/test/good -o other --min-area 50 --json
out_has '"min_area": 50,'
expect 0 detect other data/set/test/good --json
sed 's/.*"score": \([^,]*\),.*/\1/' out | sort -g | tail -1 >largest
expect 0 calibrate data/model data/set/test/good -o other --min-area 50 --false-alarm 0.001 --json
awk "BEGIN { exit !($(json threshold) > $(cat largest)) }" || fail 'held-out scores ignore --min-area'
expect 2 calibrate data/model --min-area 99999999
err_has 'min-area 99999999: must be 1 to 50176'

# Groups: scores of a group are those by a fit of the others.
mkdir a b
i=0
for f in data/set/train/good/*.png; do
    i=$((i + 1))
    if [ $i -le 5 ]; then cp "$f" a/; else cp "$f" b/; fi
done
expect 0 fit a b -o ab --group-by folder --json --list-odd 100
out_has '"groups": 2,'
tr '{' '\n' <out | sed -n 's/.*"name": "\(a[^"]*\)", "score": \([^}]*\)}.*/\1 \2/p' | sort >left_out
expect 0 fit b -o only_b
expect 0 detect only_b a --json
sed 's/.*"name": "\([^"]*\)".*"score": \([^,]*\),.*/\1 \2/' out | sort >scored
[ "$(wc -l <left_out)" = 5 ] || fail 'five images are in a'
join left_out scored | awk '{ d = $2 - $3; if (d < 0) d = -d; if (d > 1e-4 * $3) exit 1; n++ }
    END { exit n != 5 }' || fail 'leaving a group out is not fitting the others'
expect 0 fit a b -o plain
expect 0 calibrate plain --group-by folder
cmp plain ab || fail 'groups given later give another model'
expect 0 calibrate plain --group-by 'regex:^([ab])/'
cmp plain ab || fail 'a pattern of the folder gives other groups'
expect 0 calibrate plain --group-by 'regex:^a/' --json
err_is 'blemish: --group-by: the pattern does not match the names of 7 images; each of them is a group of its own'
out_has '"groups": 8,'
expect 0 calibrate plain --group-by 'regex:^a/' --json -q
err_is ''
expect 0 calibrate plain --group-by prefix:1000 --json
out_has '"groups": 12,'
expect 2 calibrate plain --group-by prefix:1
err_has 'a group of 12 out of 12 images'
for how in prefix: prefix:0 prefix:x prefix:1x folders regex: 'regex:(' ''; do
    expect 2 calibrate plain --group-by "$how"
    err_lines 1
done
cmp data/model model || fail 'a failure changed a model'

# Usage.
expect 2 calibrate data/model --false-alarm 0.2 --review 0.1
err_has 'review rate 0\.1: must be above the false-alarm rate 0\.2'
expect 3 calibrate missing
expect 3 calibrate "$(good)"
expect 4 calibrate data/model -o no/such/folder/model
expect 3 calibrate data/model missing -o new2
absent new2

# eval prints the rate that was asked for and the measured rate.
expect 0 calibrate data/model -o other --false-alarm 0.1 --review 0.3
expect 0 eval other data/set
out_has '^threshold [0-9.]+, review threshold [0-9.]+$'
out_has "^of $n good images: [0-9]+ NG, [0-9]+ REVIEW, [0-9]+ OK$"
out_has '^false alarms: [0-9.]+ of good images \(95% interval [0-9.]+ to [0-9.]+\), asked for at most 0\.1$'
out_has '^with REVIEW: [0-9.]+ of good images .*, asked for at most 0\.3$'
expect 0 eval other data/set --json
out_is_json
out_has '"false_alarm_rate": \{"asked": 0\.1, "count": [0-9]+, "rate": [0-9.]+, "low": [0-9.]+, "high": [0-9.]+\}'

# Regions of interest: pixels outside change nothing.
printf 'P2\n2 1\n1\n1 0\n' >left.pgm
expect 0 fit data/set/train/good -o left --region left.pgm
out_has '^region of interest: 50\.0% of the input$'
expect 0 fit data/set/train/good -o left2 --include '0,0 48,0 48,96 0,96'
cmp left left2 || fail 'the same region, as a polygon'
expect 0 fit data/set/train/good -o left2 --ignore '48,0 96,0 96,96 48,96'
cmp left left2 || fail 'the same region, by what it leaves out'
expect 0 fit data/set/train/good -o both --region left.pgm --ignore '0,0 96,0 96,48 0,48'
out_has '^region of interest: 25\.0% of the input$'
expect 0 fit data/set/train/good -o two --include ' 0,0 24,0  24,96 0,96 ; 24,0 48,0 48,96 24,96'
cmp left two || fail 'two polygons'
# With a crop rectangle, a mask of any size covers the whole image.
expect 0 fit data/set/train/good -o crop --region left.pgm --crop 24,0,48,96
out_has '^region of interest: 50\.0% of the input$'
expect 2 fit data/set/train/good -o new2 --region left.pgm --crop 48,0,48,96
err_has 'leaves nothing to inspect'
printf 'P2\n2 1\n1\n0 0\n' >black.pgm
expect 3 fit data/set/train/good -o new2 --region black.pgm
err_is 'blemish: black.pgm: all black, which leaves nothing to inspect'
for p in 'x' '1,2' '1,2 3,4' '0,0 9,0 9' '0,0 9,0 9,nan' '0,0 9,0 9,9;' ';' '0,0 9,0 9,9 z' \
    '200,0 300,0 300,99' '0,0 1,1 2,2'; do
    expect 2 fit data/set/train/good -o new2 --include "$p"
    err_lines 1
done
expect 2 fit data/set/train/good -o new2 --include '0,0 9,0 9,9 0,9' --min-area 5000
err_has 'no part of it has room for the smallest defect, 5000 pixels'
expect 2 fit data/set/train/good -o new2 --include '0,0 9,0 9,9' --ignore '0,0 96,0 96,96 0,96'
absent new2

# Millimetres.
bad=$(find data/set/test -name '*.png' ! -path '*/good/*' | sort | head -1)
expect 0 detect data/model "$bad" --threshold 1 --json --mm-per-pixel 0.5
out_is_json
[ "$(sed 's/.*"regions": \[{"box": \[\([^]]*\)\].*"box_mm": \[\([^]]*\)\].*/\1, \2/' out |
    awk -F ', ' '{ print ($1 / 2 == $5 && $2 / 2 == $6 && $3 / 2 == $7 && $4 / 2 == $8) }')" = 1 ] ||
    fail 'a box in millimetres'
out_has '"area_mm2": [0-9.]+, "peak_at_mm": \[[0-9.]+, [0-9.]+\], "centroid_mm": \['
expect 0 detect data/model "$bad" --threshold 1 --mm-per-pixel 0.5
out_has '	NG	2304	[0-9.]+,[0-9.]+$'
expect 0 detect data/model "$bad" --threshold 1e6 --mm-per-pixel 0.5
out_has '	OK	0	-$'
expect 3 detect data/model "$bad" missing --csv --mm-per-pixel 0.5 --threshold 1
out_has '^name,score,threshold,verdict,regions,width,height,area_mm2,peak_x_mm,peak_y_mm,error,reasons.$'
out_has ',NG,1,96,96,2304,[0-9.]+,[0-9.]+,,.$'
[ "$(tr -d '\r' <out | awk -F , '{ print NF }' | sort -u)" = 12 ] || fail 'twelve fields a line'

# Unseen properties are reported once each, and always in JSON.
white() { # P5|P6 WIDTH HEIGHT FILE
    printf '%s\n%d %d\n255\n' "$1" "$2" "$3" >"$4"
    head -c $(($2 * $3 * 3)) /dev/zero | tr '\0' '\377' >>"$4"
}
white P5 96 96 bright1.pgm
white P5 96 96 bright2.pgm
white P6 192 96 wide.ppm
expect 0 detect data/model "$(good)" --json
out_has '"unseen": \[\],'
err_is ''
expect 0 detect data/model bright1.pgm bright2.pgm wide.ppm --json
out_lines 3
[ "$(grep -c '"unseen": \["brightness"\]' out)" = 2 ] || fail 'white is unseen'
out_has '"unseen": \["size", "aspect", "channels", "brightness"\]'
err_lines 3
err_has '^blemish: 3 of 3 images cannot be judged: '
err_has '^blemish: bright1\.pgm: differs from all images of the fit in brightness: '
err_has '^blemish: wide\.ppm: differs from all images of the fit in size, aspect, channels: '
expect 0 detect data/model bright1.pgm -q
err_is ''
