# Gaussians in half precision: half as large, with almost the same scores.

scores() { sed 's/.*"score": \([^,]*\),.*/\1/'; }
size_of() { wc -c <"$1"; }
fit_both() { # OPTIONS...: into float.model and half.model
    expect 0 fit data/set/train/good -o float.model -q -w ti "$@"
    expect 0 fit data/set/train/good -o half.model -q -w ti --half "$@"
}

# Few images: axes.  Many images: factors.
for channels in '' '--channels 20'; do
    # shellcheck disable=SC2086 # words, or none
    fit_both $channels
    expect 0 info float.model
    out_lacks '^method: .*half'
    expect 0 info half.model
    out_has '^method: .*, half,'
    expect 0 info half.model --json
    out_has '"half": true'
    expect 0 detect float.model data/set/test --json
    scores <out >exact
    expect 0 detect half.model data/set/test --json
    scores <out >found
    paste exact found | awk '
        { d = ($2 - $1) / $1; if (d < 0) d = -d; if (d > worst) worst = d }
        END {
            printf "half: the score that moves most moves by %.1e of itself\n", worst
            exit !(worst > 0 && worst < 1e-3)
        }' || fail "scores are too far from those of floats, or the same"
    expect 0 eval half.model data/set
done

# Sizes without the weights.  The mean, one of 12 rows, stays in float.
fit_both
expect 0 fit data/set/train/good -o small.model -q -w ti --channels 1
weights=$(size_of small.model)
awk -v f="$(size_of float.model)" -v h="$(size_of half.model)" -v w="$weights" 'BEGIN {
    share = (h - w) / (f - w)
    printf "half: statistics of %.3f times the size\n", share
    exit !(share > 0.48 && share < 0.57)
}' || fail 'a model in half precision is not about half as large'

# Bytes do not depend on threads; groups and calibration work.
expect 0 fit data/set/train/good -o again.model -q -w ti --half -t 1
cmp -s half.model again.model || fail 'a model depends on the number of threads'
expect 0 calibrate half.model -o again.model --false-alarm 0.2
expect 0 calibrate half.model -o again.model --group-by prefix:2 --false-alarm 0.2
expect 0 info again.model
out_has '^method: .*, half,'

expect 0 bench -w ti --half --images 3 --runs 3
expect 2 bench --model half.model --half --runs 3
err_has 'a model has its own size, taps and types'
