# From a published checkpoint and image files to the numbers of ../shared/golden.

golden=${BLM_SHARED:-$root/../shared}/golden
[ -d "$golden" ] || skip "no folder $golden"
images=$golden/pipeline/images
checkpoint=$golden/backbone/contnet_ti_rel_pre.pth

# Two columns, name and number, of the objects in stdin that have KEY.
numbers() {
    tr ',{}' '\n\n\n' | awk -v key="\"$1\":" '
        /"(path|name)":/ { gsub(/.*: *"|"$/, ""); sub(/.*images\//, ""); name = $0 }
        $1 == key { print name, $2 }' | sort
}
near() { # FILE FILE TOLERANCE: relative
    paste "$1" "$2" | awk -v most="$3" '
        { d = $2 - $4; if (d < 0) d = -d; if ($1 != $3 || !(d <= most * $4)) { print; bad = 1 } }
        END { exit bad || NR == 0 }' || fail "$command: not near the golden numbers"
}

expect 2 import "$checkpoint" -o weights.safetensors
err_has '--form pre-norm'
absent weights.safetensors
expect 0 import "$checkpoint" --pre-norm -o weights.safetensors
expect 0 info weights.safetensors
out_has '^backbone: ConTNet-Ti, pre-norm, input 224x224 or other multiples of 224$'

expect 0 fit "$images/train/good" -w ./weights.safetensors --like paper -o model --list-odd 10 --json
numbers score <out >ours
numbers leave_one_out_score <"$golden/pipeline/expected.json" >theirs
near ours theirs 1e-5

expect 0 detect model "$images/test" --json
numbers score <out >ours
numbers score <"$golden/pipeline/expected.json" >theirs
near ours theirs 1e-5

expect 0 eval model "$images" --native --json
value() { # KEY FILE
    tr ',{}' '\n\n\n' <"$2" | awk -v key="\"$1\":" '$1 == key { print "x", $2; exit }'
}
for pair in image_auroc:image_auroc pixel_auroc:pixel_auroc_native \
    au_pro_0.3:au_pro_native_0.3 au_pro_0.05:au_pro_native_0.05; do
    value "${pair%:*}" out >ours
    value "${pair#*:}" "$golden/pipeline/expected.json" >theirs
    near ours theirs 1e-5
done
