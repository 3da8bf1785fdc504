# Parts at any angle: aligned with a reference, judged, and found where they are.
command=blemish-synth
"$synth" s --seed 3 --size 224x224 --train 16 --test 18 --moved 8,180 \
    --categories connector,casting >out 2>err || fail 'no data set'
expect_lines() { [ "$(wc -l <"$1")" = "$2" ] || fail "$1: $(wc -l <"$1") lines"; }
expect_lines s/connector/moved.tsv 34
cd s/connector || exit 1
expect 0 fit --align rigid train/good -o m
out_has '^aligned with: train/good/0'
out_has 'align rigid'

# Turns and shifts are those of the generator: by the difference between two images.
expect 0 detect m test/good -q --json
out_is_json
out_has '"alignment": \{"turn": .*"shift": \[.*"quality": 0\.9.*"rival": .*"doubtful": false\}'
out_has '"align": [0-9]'
sed 's/.*"name": "\([^"]*\)".*"turn": \([^,]*\), "scale".*/\1 \2/' out >turns
awk 'NR == FNR { true_turn[$1] = $4; next }
     { off = $2 - true_turn[$1]; if (!n++) first = off
       d = off - first; while (d > 180) d -= 360; while (d < -180) d += 360
       if (d > 0.3 || d < -0.3) { print $0, d; bad = 1 } }
     END { exit bad || n != 6 }' FS='[\t ]' moved.tsv turns || fail "turns: $(cat turns)"

# Defects are found; good parts are not NG.  Without alignment they look alike.
expect 0 eval m . -q --json
out_is_json
sed 's/.*"image_auroc": \([0-9.]*\).*/\1/' out >auroc
awk '$1 < 0.95 { exit 1 }' auroc || fail "image AUROC $(cat auroc)"
expect 0 detect m test/good -q
out_lacks '	NG'
out_has '	turn -*[0-9.]*, shift -*[0-9.]*,-*[0-9.]*, scale 1, quality 0\.9'

# Another part cannot be judged.
expect 0 detect m ../casting/test/good
out_lacks '	OK	'
out_has '	CANNOT JUDGE	.*not aligned'

# Equal fits give equal bytes; the maps are those of the images.
expect 0 fit --align rigid train/good -o again -t 1
cmp -s m again || fail 'models differ'
expect 0 detect m test/missing/000.png -q --maps maps
[ -f maps/test/missing/000.tiff ] || [ -n "$(find maps -name '*000*')" ] || fail 'no maps'

# Off is the default and leaves no trace.
expect 0 fit train/good -o plain
expect 0 fit --align off train/good -o off
cmp -s plain off || fail 'off is not the default'
expect 0 detect plain test/good/000.png -q --json
out_lacks alignment
expect 0 info m --json
out_has '"reference": "train/good/0'
out_has '"alignment_doubtful": 0'

# What cannot be: images without structure, other words, features without a reference.
expect 2 fit --align turned train/good -o x
err_has '--align "turned": should be one of off.shift.rigid.similarity.auto'
mkdir blank
i=0
while [ $i -lt 4 ]; do
    { printf 'P5 64 64 255\n'; head -c 4096 /dev/zero | tr '\0' 'x'; } >blank/$i.pgm
    i=$((i + 1))
done
expect 3 fit --align rigid blank -o x
err_has 'blank/0.pgm: the reference has a gradient at 0 pixels'
[ ! -e x ] || fail 'a model was written'

# Auto undoes what moves: the connectors, not the same part in one place.
expect 0 fit --align auto train/good -o chosen
err_has 'align auto: takes rigid; medians of leave-one-out scores: off [0-9.]*, shift [0-9.]*, rigid'
cmp -s m chosen || fail 'auto and rigid differ'
command=blemish-synth
"$synth" st --seed 3 --size 224x224 --train 12 --test 0 --categories metal >out 2>err ||
    fail 'no data set'
expect 0 fit --align auto st/metal/train/good -o chosen
err_has 'align auto: takes off; .*(alignment must lower it by a tenth)'
