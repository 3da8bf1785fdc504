# The content of models and weights.

expect 0 info data/model
out_has '^images: 12$'
out_has '^backbone: ConTNet-'
out_has '^statistics: [0-9]+ positions of [0-9]+ features'
out_has '^threshold: [0-9.]+'
out_has '^hash: [0-9a-f]{32}$'
expect 0 info data/model --json
out_lines 1
out_is_json
out_has '"images": 12,'
cp out first
cp data/model elsewhere
expect 0 info elsewhere --json
sed 's/"file": "[^"]*"//' out >second
sed 's/"file": "[^"]*"//' first >third
cmp second third || fail 'the same model is not the same elsewhere'

# A model with any recipe is recognised.
for option in --unit-variance --shrinkage=0.1 --channels=40 '--include=0,0 90,0 90,90'; do
    expect 0 fit data/set/train/good -o other -q -w ti "$option"
    expect 0 info other
    out_has '^method: '
done

for weights in "$root"/weights/*.safetensors; do
    [ -e "$weights" ] || fail 'there are no weights'
    expect 0 info "$weights"
    out_has '^backbone: ConTNet-'
    expect 0 info "$weights" --json
    out_is_json
done
