# The output of fit; equal images give equal bytes.

cmp data/model data/model2 || fail 'fitting the same images twice gave different bytes'

expect 0 fit data/set/train/good -t 1 -o one.model
cmp data/model one.model || fail 'one thread gave different bytes'
n=$(find data/set/train/good -name '*.png' | wc -l)
err_is ''
out_has '^model: one\.model$'
out_has "^images: $n$"
out_has '^threshold: [0-9.]+, from 12 good images, each scored by a model of the others$'
out_has '^    too few to show a rate of 0\.01, which takes 99: '
out_has '^least like the others'
[ "$(grep -c '^    .*data/set/train/good/' out)" = 5 ] || fail 'five odd ones are the default'
rm one.model

expect 0 fit "$(good 1)" "$(good 2)" "$(good 3)" -o few.model --json --list-odd 2
out_lines 1
out_is_json
out_has '"images": 3,'
out_has '"threshold_method": "tail"'
[ "$(grep -o '"name"' out | wc -l)" = 2 ] || fail 'two odd ones were asked for'
expect 0 info few.model
out_has '^images: 3$'
rm few.model

expect 0 fit data/set/train/good --false-alarm 0.3 -o coarse.model --list-odd 0
out_has '^    at most 0\.3 of good images should reach it$'
out_lacks '^least like'
rm coarse.model

# Each image twice: reported, and the threshold does not fall.
mkdir twice
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    cp "$(good $i)" twice/$i.png
    cp "$(good $i)" twice/$i-again.png
done
threshold() { sed -n 's/^threshold: \([0-9.]*\),.*/\1/p' out; }
expect 0 info data/model
once=$(threshold)
expect 0 fit twice -o twice.model
err_lines 6
err_has '^blemish: equal or nearly equal: twice/1-again\.png, twice/1\.png$'
err_has '^blemish: 12 good images are copies of others, in 12 groups: each group counts as one part for the threshold$'
out_has '^copies: 12 of them are copies of others$'
out_has '^threshold: [0-9.]+, from 24 good images of 12 parts, each part scored by a model of the others$'
parts=$(threshold)
expect 0 fit twice -o kept.model --keep-copies
err_has 'each counts by itself, which lowers the threshold$'
kept=$(threshold)
awk "BEGIN { exit !($parts > 0.8 * $once && $kept < 0.8 * $once) }" ||
    fail "thresholds: once $once, twice $parts, kept $kept"
expect 0 calibrate twice.model --keep-copies -o kept2.model
cmp kept.model kept2.model || fail 'copies kept later are not copies kept at once'
expect 0 calibrate kept.model -o twice2.model
cmp twice.model twice2.model || fail 'copies of a model are forgotten'
expect 0 fit twice -o twice.model --group-by prefix:1 -q
err_is ''
rm twice*.model kept*.model

# Fewer than three.
expect 2 fit "$(good 1)" "$(good 2)" -o new
err_lines 1
absent new

# An unreadable image among them.
mkdir mixed
for i in 1 2 3 4; do cp "$(good $i)" mixed/; done
echo nothing >mixed/bad.png
expect 3 fit mixed -o new
err_has '^blemish: mixed/bad\.png: '
absent new
expect 0 fit mixed --skip-bad -o mixed.model
err_has '^blemish: skipped: mixed/bad\.png: '
out_has '^skipped: 1 '
out_has '^images: 4$'
rm mixed.model

# Errors that can be found before the work are found before it.
expect 4 fit data/set/train/good -o no/such/folder/model
err_is 'blemish: no/such/folder/model: cannot write: No such file or directory'
mkdir folder
expect 4 fit data/set/train/good -o folder
err_is 'blemish: folder: cannot write: Is a directory'
if [ "$(id -u)" != 0 ]; then
    mkdir closed
    chmod 500 closed
    expect 4 fit data/set/train/good -o closed/model
    err_is 'blemish: closed/model: cannot write: Permission denied'
fi

# The recipe is kept.
expect 0 fit data/set/train/good -o other.model --stages 3 --sigma 2 --epsilon 0.1 \
    --resize 256x256 --filter bicubic --min-area 9 --crop 4,4,60,60 --bits 12 --json
out_has '"recipe": \{"size": \[224, 224\], "resize": \[256, 256\], "crop": \[4, 4, 60, 60\], "filter": "bicubic", "bits": 12, "range": null, "type": "f32", "taps": \["layer3"\], "channels": null, "seed": 0, "detector": "gauss", "unit_variance": false, "half": false, "reach": -1, "coreset": 1, "explained": 0\.99, "tolerance": 2, "epsilon": 0\.1, "shrinkage": 0, "sigma": 2, "min_area": 9, "augment": null, "hysteresis": 1, "closing": 0, "fill_holes": 0, "mean": null, "std": null, "align": "off"\}'
cp out first
expect 0 info other.model --json
out_has '"recipe": \{"size": \[224, 224\], "resize": \[256, 256\]'
expect 0 info other.model
out_has '^input: size 224x224, resize 256x256, crop 4,4,60,60, filter bicubic, bits 12$'

# Presets: other options change them, in any order; --help lists all presets.
expect 0 fit data/set/train/good -w ti --sigma 1 --like patchcore --coreset 0.5 -o other.model
out_has '^method: taps layer2,layer3, detector memory, coreset 0.5, sigma 1$'
expect 2 fit data/set/train/good --like nothing -o no.model
err_is 'blemish: fit: --like "nothing": expected one of paper, padim, patchcore, spade, anomalydino (see: blemish fit --help)'
expect 0 fit --help
out_has 'recipe: paper, padim, patchcore, spade, anomalydino$'
expect 3 fit data/set/train/good --like padim -o no.model
err_has 'weights "resnet18": no resnet18.safetensors'
expect 0 fit data/set/train/good --like padim -w ti -o other.model
out_has '^method: taps layer1,layer2,layer3, channels 100, '
absent no.model

# Variations: learnt with their image and left out with it; equal seeds give equal bytes.
expect 0 fit data/set/train/good -w ti --augment turn:3,light:0.9-1.1 -o varied.model --list-odd 20
out_has '^images: 12$'
out_has '^method: .*, augment light:0\.9-1\.1,turn:3,variations:3$'
out_has '^threshold: [0-9.]+, from 12 good images, each scored by a model of the others$'
[ "$(grep -c '^    .*data/set/train/good/' out)" = 12 ] || fail 'variations are not images'
expect 0 fit data/set/train/good -w ti --augment light:0.90-1.10,turn:3,variations:3 -t 1 -o same.model
cmp varied.model same.model || fail 'the same variations gave different bytes'
expect 0 fit data/set/train/good -w ti --augment light:0.9-1.1,turn:3 --seed 1 -o same.model
cmp varied.model same.model && fail 'another seed gave the same variations'
expect 0 info varied.model --json
out_has '"augment": \["light:0\.9-1\.1", "turn:3", "variations:3"\]'
expect 0 detect varied.model "$(good 1)"
expect 0 fit data/set/train/good -w ti --augment flip,variations:2 --group-by prefix:2 -o same.model
out_has '^threshold: [0-9.]+, from 12 good images of '
expect 0 calibrate varied.model -o same.model
cmp varied.model same.model || fail 'calibrating with the same scores gave different bytes'
for detector in memory 'memory --coreset 0.2' subspace; do
    expect 0 fit data/set/train/good -w ti --augment flip,variations:1 --detector $detector -o same.model
    out_has '^threshold: [0-9.]+, from 12 good images, each scored by a model of the others$'
    expect 0 info same.model
done
expect 2 fit data/set/train/good --augment light:2 -o no.model
err_is 'blemish: fit: --augment "light:2": light takes LOW-HIGH, factors from 0.1 to 10, such as light:0.8-1.2 (see: blemish fit --help)'
expect 2 fit data/set/train/good --augment variations:3 -o no.model
err_has 'expected light, shift, turn or flip too, or the variations would not differ'
expect 2 fit data/set/train/good --augment '' -o no.model
err_has 'expected light:LOW-HIGH, shift:N%, turn:DEGREES, flip or variations:N with commas'
expect 2 sweep data/set/train/good --augment flip
err_has 'augment flip,variations:3: not possible for a fitter that takes features'
absent no.model
rm varied.model same.model

# Several backbones in one model.
expect 0 fit "$(good 1)" "$(good 2)" "$(good 3)" "$(good 4)" -w ti,s -o two.model --list-odd 0
out_has '^backbone: ConTNet-Ti \+ ConTNet-S, '
expect 0 info two.model
out_has '784 positions of 672 features'
expect 0 detect two.model "$(good 5)"
expect 0 fit "$(good 1)" "$(good 2)" "$(good 3)" "$(good 4)" -w ti,s -o again.model \
    --taps contnet-ti:layer1,contnet-ti:layer2,contnet-s:layer1,contnet-s:layer2
cmp two.model again.model || fail 'the taps that are taken by default, by name, gave other bytes'
expect 2 fit "$(good 1)" "$(good 2)" "$(good 3)" -w ti,s --taps contnet-ti:layer1 -o no.model
err_has 'no output of ConTNet-S is taken'
absent no.model
expect 2 fit "$(good 1)" "$(good 2)" "$(good 3)" -w ti, -o no.model
rm two.model again.model
