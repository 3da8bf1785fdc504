# Many recipes on the same images.

# A sweep gives the numbers of fit and eval, with any recipe.
numbers() { grep -oE '"(image_auroc|pixel_auroc|au_pro_0.3|threshold)": [0-9.]{6}' | sort; }
check() {
    grid=$1
    shift
    expect 0 fit data/set/train/good -o model -q "$@"
    expect 0 eval model data/set --json
    head -c 4000 out | sed 's/"kinds".*//' | numbers >expected
    # shellcheck disable=SC2086 # words
    expect 0 sweep data/set --json -q $grid
    numbers <out >found
    diff expected found >out || fail "$grid: differs from fit $*"
}
check '--unit-variance no --epsilon 0.03'
check '--unit-variance no --epsilon 0.01 --taps 2,3 --tolerance 0 --sigma 4' --like paper
check '--unit-variance yes --epsilon 0.1 --channels 40 --seed 3' \
    --unit-variance --epsilon 0.1 --channels 40 --seed 3
check '--unit-variance no --epsilon 0.03 --type int8' --type int8
check '--unit-variance no --epsilon 0.5 --shrinkage 0.2 --sigma 2 --stages 3' \
    --epsilon 0.5 --shrinkage 0.2 --sigma 2 --stages 3

# Recipes that share a fit, in any order, give the same numbers as alone.
expect 0 sweep data/set --csv -q --epsilon 0.01,0.1 --shrinkage 0,0.3 --unit-variance no
out_lines 5
cut -d, -f1-24 out | sort >together
: >alone
for epsilon in 0.01 0.1; do
    for shrinkage in 0 0.3; do
        expect 0 sweep data/set --csv -q --epsilon $epsilon --shrinkage $shrinkage \
            --unit-variance no
        cut -d, -f1-24 out >>alone
    done
done
sort -u alone | cmp -s - together || { diff alone together; fail 'shared fits differ'; }

# Best first, by --rank.
expect 0 sweep data/set -q --rank spread
awk 'NR > 2 && $1 < last { exit 1 } { last = $1 }' out || fail 'not sorted'
out_lines 7
expect 0 sweep data/set -q --intervals --epsilon 0.01 --unit-variance no
out_has '\([0-9.]+-[0-9.]+\)'
expect 0 sweep data/set -q --json --scores --epsilon 0.01 --unit-variance no
out_is_json
out_has '"test_scores": \['

# Good images only: recipes have a spread and no other metrics.
expect 0 sweep data/set/train/good -q --epsilon 0.01
out_has '^ +[0-9.]+ +- +- +- +- +- +size 224x224'

expect 2 sweep
expect 2 sweep data/set --epsilon 0.1,x
err_has '^blemish: sweep: --epsilon "x": should be a number'
expect 2 sweep data/set --stages 2,5 -q
err_has 'taps "5": .* only layer1,'
expect 2 sweep data/set --size 200x224 -q
err_has multiples
expect 2 sweep data/set --channels 100000 -q
expect 2 sweep data/set --scores
