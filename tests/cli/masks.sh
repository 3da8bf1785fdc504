# What a recipe adds to masks: scores and verdicts stay, masks and regions grow together.

train=data/set/train/good
expect 0 fit $train -o plain.model -q
expect 0 fit $train -o grown.model --hysteresis 0.6 --closing 5 --fill-holes 400 -q
expect 0 info grown.model
out_has '^method: .*hysteresis 0\.6, closing 5, fill-holes 400'
expect 0 info grown.model --json
out_has '"hysteresis": 0\.6, "closing": 5, "fill_holes": 400'
expect 0 fit $train -o same.model --hysteresis 1 --closing 0 --fill-holes 0 -q
cmp plain.model same.model || fail 'options that add nothing change the model'

# The parts of a result that do not depend on the mask.
verdicts() { grep -oE '"(name|score|threshold|verdict)": [^,]*' out; }
# Square pixels of all regions.
area() { grep -oE '"area": [0-9.]+' out | awk '{ sum += $2 } END { print sum + 0 }'; }
set -- data/set/test
expect 0 detect plain.model "$@" --json --maps plain
verdicts >plain.verdicts
plain=$(area)
expect 0 detect grown.model "$@" --json --maps grown
verdicts >grown.verdicts
cmp plain.verdicts grown.verdicts || fail 'a mask changes a verdict'
awk "BEGIN { exit !($plain > 0 && $(area) > 1.1 * $plain) }" || fail "regions of $(area) pixels, were $plain"
changed=0
for mask in $(cd plain && find . -name '*.mask.png'); do
    cmp -s "plain/$mask" "grown/$mask" || changed=$((changed + 1))
done
[ "$changed" -gt 0 ] || fail 'no mask has changed'

# eval counts pixels of these masks; all other metrics are those of the maps and scores.
expect 0 eval plain.model data/set --json
sed -E 's/"pixel_f1(_low|_high)?": [^,}]*//g; s/"model": [^,]*, //' out >plain.json
f1=$(grep -o '"pixel_f1": [0-9.]*' out | head -n 1)
expect 0 eval grown.model data/set --json
sed -E 's/"pixel_f1(_low|_high)?": [^,}]*//g; s/"model": [^,]*, //' out >grown.json
cmp plain.json grown.json || fail 'a mask changes other metrics'
[ "$(grep -o '"pixel_f1": [0-9.]*' out | head -n 1)" != "$f1" ] || fail 'F1 of pixels is not that of the masks'
expect 0 eval grown.model data/set --json --native
out_has '"pixel_f1": 0\.[0-9]+'
