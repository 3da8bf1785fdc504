# Detectors other than the plain Gaussian: tolerance, memory, subspace.

fit() { # MODEL OPTIONS...
    model=$1
    shift
    expect 0 fit data/set/train/good -o "$model" -q -w ti "$@"
}

# Each has the recipe asked for, and does not depend on threads; groups are left out, except with
# full covariances.
while IFS='|' read -r options method; do
    # shellcheck disable=SC2086 # words
    fit some.model $options --false-alarm 0.2
    expect 0 info some.model
    out_has "^method: .*, $method"
    case $options in
    --detector*) out_lacks '^method: .*epsilon' ;;
    *) out_has '^method: .*epsilon 0\.03' ;;
    esac
    # shellcheck disable=SC2086
    fit again.model $options --false-alarm 0.2 -t 1
    cmp -s some.model again.model || fail "$options: a model depends on the number of threads"
    expect 0 calibrate some.model -o other.model --false-alarm 0.3
    case $options in *channels*) continue ;; esac
    # shellcheck disable=SC2086
    fit grouped.model $options --group-by prefix:2 --false-alarm 0.2
done <<'END'
--tolerance 1 --channels 20|tolerance 1, epsilon
--tolerance 2 --half|half, tolerance 2, epsilon
--detector memory --reach 1|detector memory, reach 1, sigma
--detector memory --coreset 0.1 --seed 3|seed 3, detector memory, coreset 0\.1, sigma
--detector subspace --explained 0.9|detector subspace, explained 0\.9, sigma
END

# The default tolerance gives equal bytes; a tolerance lowers distances.
fit usual.model
fit two.model --tolerance 2
cmp -s usual.model two.model || fail 'a tolerance of 2 is not the default'
fit exact.model --tolerance 0
scores() { sed 's/.*"score": \([^,]*\),.*/\1/'; }
fit tolerant.model --tolerance 1
expect 0 detect exact.model data/set/test --json
scores <out >exact
expect 0 detect tolerant.model data/set/test --json
scores <out >found
paste exact found | awk '$2 > $1 * 1.00001 { worse++ } $2 < $1 * 0.999 { better++ } END { exit worse > 0 || !better }' ||
    fail 'the least of several distances is not smaller'

# Models that kept their images can leave groups out later; others refuse.
fit memory.model --detector memory
expect 0 calibrate memory.model -o other.model --group-by prefix:2 --false-alarm 0.2
fit memory.model --detector memory --coreset 0.5
expect 2 calibrate memory.model -o other.model --group-by prefix:2
err_has 'give the groups to the fit'
fit subspace.model --detector subspace
expect 2 calibrate subspace.model -o other.model --group-by prefix:2
err_has 'give the groups to the fit'

# Options of another detector and impossible combinations are refused.
expect 2 fit data/set/train/good -o x.model -w ti --detector memory --half
err_has 'half: not used by the detector memory'
expect 2 fit data/set/train/good -o x.model -w ti --detector subspace --epsilon 1
err_has 'epsilon: not used by the detector subspace'
expect 2 fit data/set/train/good -o x.model -w ti --coreset 0.1
err_has 'coreset: not used by the detector gauss'
expect 2 fit data/set/train/good -o x.model -w ti --detector memory --reach 1 --coreset 0.1
err_has 'expected only one of them, or a position could have nothing to compare with'
expect 2 fit data/set/train/good -o x.model -w ti --detector tree
err_has 'detector'
[ ! -e x.model ] || fail 'a refused fit left a model'

# sweep tries detectors.
expect 0 sweep data/set -w ti --tolerance 0,1 --epsilon 0.01 --unit-variance no --csv
out_lines 3
expect 0 sweep data/set -w ti --detector gauss,memory,subspace --epsilon 0.01,0.1 \
    --unit-variance no --coreset 0.1,1 --csv
out_lines 6
expect 2 sweep data/set -w ti --detector memory --tolerance 1
err_has '--tolerance: only the detector gauss uses it'
