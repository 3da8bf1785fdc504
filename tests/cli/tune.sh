# A recipe chosen by made defects, and the comparison with labelled images.

grid='--detector gauss --unit-variance no --tolerance 0 --sigma 2 --taps 1,2/2,3'

# Ranked, best first, and the best is fitted as fit does it.
expect 0 tune data/set/train/good -o best.model -w ti $grid --epsilon 0.03,0.3
err_is ''
out_has '^4 recipes, 9 good images learnt, 3 left out, 120 made defects$'
out_has '^model: best\.model$'
out_has '^images: 12$'
awk '/^ +made/ { on = 1; next } /^model/ { on = 0 }
    on { n++; if (n > 1 && $2 - $3 > last + 1e-9) exit 1; last = $2 - $3 }
    END { exit n != 4 }' out ||
    fail 'not four recipes, best first'
best=$(awk '/^ +made/ { on = 1; next } on { print; exit }' out)
taps=$(echo "$best" | grep -oE 'taps [a-z0-9,]+[0-9]' | cut -d' ' -f2)
epsilon=$(echo "$best" | grep -oE 'epsilon [0-9.]+' | cut -d' ' -f2)
expect 0 fit data/set/train/good -o same.model -w ti --taps "$taps" --tolerance 0 \
    --epsilon "$epsilon" --sigma 2
cmp best.model same.model || fail 'the best recipe gives another model than fit'
cp out first

# The same again; other seeds make other defects.
points() { # ARGUMENT...
    # shellcheck disable=SC2086 # words
    expect 0 tune data/set/train/good -o best.model -w ti $grid --epsilon 0.03 --json -q "$@"
    out_lines 2
    cp out lines
    sed 's/.*"made"/"made"/' lines | sort >points
}
points
cp points once
points -t 1
cmp once points || fail 'one thread gave other numbers'
points --made-seed 1
cmp -s once points && fail 'another seed made the same defects'

# Labelled images: the numbers are those of eval.
# shellcheck disable=SC2086 # words
expect 0 tune data/set --check -w ti $grid --epsilon 0.03
out_has '^ +made   found  alarms   AUROC   found  alarms  recipe$'
out_has '^rank correlation \(Spearman\) of made and labelled: found less alarms '
out_has '^labelled, found less alarms: [-0-9.]+ of the first, [-0-9.]+ of the best$'

# No time: one recipe, and a remark.
# shellcheck disable=SC2086 # words
expect 0 tune data/set/train/good -o best.model -w ti $grid --minutes 0.0001
err_has '^blemish: 1 of 4 recipes were tried in the time'

# What cannot be tuned.
rm best.model
expect 2 tune data/set/train/good
err_has 'expected -o MODEL, or --check'
expect 2 tune -o best.model
err_has 'no images given'
expect 2 tune data/set/train/good --check
err_is 'blemish: --check: expected a data set with labelled images'
expect 3 tune "$(good 1)" "$(good 2)" "$(good 3)" -o best.model
err_has '^blemish: 3 good images, expected 8 or more'
expect 2 tune data/set/train/good -o best.model --epsilon 0
err_has 'epsilon'
expect 3 tune data/set/train/good -o best.model -w no-such
err_has 'no-such'
expect 2 tune data/set/train/good -o best.model --augment flip
err_has 'augment flip,variations:3: not possible for a fitter that takes features'
absent best.model
