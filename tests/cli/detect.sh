# Scores and verdicts in all three formats.

m=data/model
bad=data/set/test

expect 0 detect $m "$(good 1)"
out_lines 1
err_is ''
out_has "^$(good 1)	[0-9.]+	[0-9.]+	OK$"

# Good images of the fit are not NG; most defective images are.
expect 0 detect $m data/set/train/good
out_lacks '	NG$'
find $bad -name '*.png' ! -path '*/good/*' >defects
expect 0 detect $m @defects
[ "$(grep -c '	NG$' out)" -gt "$(grep -c '	OK$' out)" ] || fail 'most defects must be found'

# Order and scores do not depend on the number of threads.
expect 0 detect $m data/set/test --json -t 1
sed 's/"milliseconds".*//' out >one
for threads in 2 200; do # the latter are more than images: several inside each
    expect 0 detect $m data/set/test --json -t $threads
    sed 's/"milliseconds".*//' out >more
    cmp one more || fail "results depend on the threads"
done

# JSON.
expect 0 detect $m @defects --json
out_is_json
out_has '"verdict": "NG"'
out_has '"regions": \[\{"box": \[[0-9., e-]+\], "area": [0-9.]+, "peak": [0-9.]+, "severity": [0-9.]+, "peak_at": \['
out_has '"milliseconds": \{"read": '
out_has '"model": "[0-9a-f]{32}"'

# CSV: lines end with CR LF.
expect 0 detect $m "$(good 1)" --csv
out_has "^name,score,threshold,verdict,regions,width,height,error,reasons.$"
out_has "^$(good 1),[0-9.]+,[0-9.]+,OK,0,[0-9]+,[0-9]+,,.$"
[ "$(tr -cd '\r' <out | wc -c)" = 2 ] || fail 'CSV lines end with CR LF'

# --threshold and --exit-status.
expect 0 detect $m "$(good 1)" --exit-status
expect 0 detect $m "$(good 1)" --threshold 0.001
out_has '	NG$'
expect 1 detect $m "$(good 1)" --threshold 0.001 --exit-status
expect 1 detect $m "$(good 1)" "$(good 2)" --threshold 0.001 -e
out_lines 2
expect 3 detect $m "$(good 1)" missing --threshold 0.001 -e
out_lines 1
expect 0 detect $m @defects --exit-status --threshold 1e30
out_lacks '	NG$'

# Progress is shown on terminals, or with --progress.
expect 0 detect $m "$(good 1)" "$(good 2)" --progress
err_has '^2 of 2 images, [0-9.]+ per second, 0 s left$'

# A model of 12-bit images: the distance of an image of the fit is at most (N - 1) / sqrt(N), which
# holds only if it is decoded as for the fit.
mkdir twelve
for n in 1 2 3; do
    awk -v seed=$n 'BEGIN { srand(seed); print "P2 64 64 65535"
        for (i = 0; i < 4096; i++) print int(4095 * rand()) }' >twelve/$n.pgm
done
expect 0 fit twelve -o black.model # without --bits they are almost black, which is reported
err_is 'blemish: the images have 16-bit samples, but no value above 4095, and so are learnt almost black; expected --bits 12, or --range LOW,HIGH'
expect 0 fit twelve -o black.model -q
err_is ''
expect 0 fit twelve --bits 12 -o twelve.model
err_is ''
mkdir grey
for n in 1 2 3; do
    awk -v seed=$n 'BEGIN { srand(seed); print "P2 64 64 255"
        for (i = 0; i < 4096; i++) print int(100 + 21 * rand()) }' >grey/$n.pgm
done
expect 0 fit grey -o grey.model
err_is 'blemish: the images use only the grey levels 100 to 120 of 0 to 255, and so have little contrast; expected a better exposure or, for samples of more than 8 bits, --bits or --range'
expect 0 detect twelve.model twelve
awk -F '\t' '$2 > 1.155 { exit 1 }' out || fail 'not decoded as in the fit'
