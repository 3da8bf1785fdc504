# CANNOT JUDGE: faults of a camera are noticed, good and defective parts are judged.
command=blemish-synth
"$synth" s --seed 3 --size 224x224 --train 24 --test 20 --faults 4 --categories flange \
    >out 2>err || fail 'no data set'
cd s/flange || exit 1
expect 0 fit train/good -o m

# Good and defective parts have no reasons.
expect 0 detect m test -q
out_lines 20
out_lacks 'CANNOT JUDGE'

# At most one of the 40 images with a fault is judged (95 % are noticed).
for fault in alternate blur bright cable dark hand lost motion stripes torn; do
    expect 0 detect m faults/$fault
    cat out >>all
    err_has '^blemish: [1-4] of 4 images cannot be judged: '
done
[ "$(wc -l <all)" = 40 ] && [ "$(grep -c '	CANNOT JUDGE	' all)" -ge 38 ] ||
    fail "noticed: $(grep -c '	CANNOT JUDGE	' all) of 40"
expect 0 detect m faults/dark
out_has '	CANNOT JUDGE	.*underexposed'
expect 0 detect m faults/blur
out_has '	CANNOT JUDGE	.*out of focus'
expect 0 detect m faults/lost
out_has '	CANNOT JUDGE	.*torn or striped'

# Exit codes; the verdict of the score; the checks that failed.
expect 5 detect m faults/dark --exit-status
expect 0 detect m faults/dark --judge-anyway
out_lacks 'CANNOT JUDGE'
out_has 'underexposed'
err_has 'judged although they should not be'
expect 0 detect m faults/dark --json -q
out_is_json
out_has '"verdict": "CANNOT JUDGE", "reasons": \[.*"underexposed".*"checks": \[\{"name": "'

# The same picture again.
cp test/good/000.png again.png
expect 5 detect m test/good/000.png again.png -e
[ "$(grep -c 'frozen' out)" = 1 ] || fail 'not frozen once'
expect 0 detect m test/good -q
out_lacks 'frozen'

# Dirt on the lens: the same spot on eight images in a row.
command=blemish-synth
"$synth" d --seed 3 --size 224x224 --train 0 --test 0 --faults 8 --categories flange \
    >out 2>err || fail 'no images with dirt'
expect 0 detect m d/flange/faults/dirt
err_has 'a spot near [0-9]+,[0-9]+ is NG on 8 images in a row: dirt on the lens'
expect 0 detect m faults/dirt
err_lacks 'dirt on the lens'

# The limits, and another rate.
expect 0 info m
out_has '^cannot judge: for reasons that 0.001 of good images may have'
out_has '^    brightness .* < .* underexposed'
cp out limits
expect 0 info m --json
out_is_json
out_has '"unjudged": 0.001,.*"checks": \[\{"name": '
expect 0 calibrate m --cannot-judge 0.01 -o other
expect 0 info other
out_has '^cannot judge: for reasons that 0.01 of'
! cmp -s out limits || fail 'the rate changes no limit'
expect 0 calibrate other -o kept
expect 0 info kept
out_has '^cannot judge: for reasons that 0.01 of'
expect 0 calibrate other --cannot-judge 0.001 -o back
expect 0 info back
grep -v '^hash' out >back.txt
grep -v '^hash' limits | cmp - back.txt || fail 'other limits at the same rate'
expect 2 fit train/good -o bad --cannot-judge 1.5
