# Weights that a model names by hash instead of containing them.

runtime=${BLEMISH_ONNXRUNTIME:-}
export XDG_DATA_HOME="$PWD/none"
mkdir -p weights here
cp "$root/weights/contnet-ti.safetensors" weights/my_ti.safetensors
export BLEMISH_WEIGHTS="$PWD/weights"

expect 0 fit data/set/train/good -q -w ./weights/my_ti.safetensors -o inside
expect 0 fit data/set/train/good -q -w ./weights/my_ti.safetensors --weights-outside -o outside
err_lines 0
[ "$(wc -c <outside)" -lt "$(wc -c <inside)" ] || fail 'the model is not smaller'
expect 0 fit data/set/train/good -q -w my_ti --weights-outside -o again
cmp outside again || fail 'equal fits give other bytes'
for model in inside outside; do
    expect 0 detect $model data/set/test/dent/000.png --quiet
    cp out $model.tsv
done
cmp inside.tsv outside.tsv || fail 'weights outside give other scores'
expect 0 info outside
out_has '^weights: not in the model, found as my_ti.safetensors$'
expect 0 info outside --json
out_is_json
out_has '"weights_file": "my_ti.safetensors"'
expect 0 info inside
out_lacks 'not in the model'

# What is made of it keeps them outside.
expect 0 calibrate outside --false-alarm 0.05 -o calibrated --quiet
expect 0 info calibrated
out_has '^weights: not in the model'

# Beside the model; under another name; in the user's folder.
mv weights/my_ti.safetensors .
expect 0 detect outside data/set/test/dent/000.png --quiet
cmp out inside.tsv || fail 'other scores beside the model'
mkdir -p none/blemish/weights
mv my_ti.safetensors none/blemish/weights/renamed.safetensors
mv outside here/
expect 0 detect here/outside data/set/test/dent/000.png --quiet
cmp out inside.tsv || fail 'other scores under another name'

# A damaged file is one line.
python3=$(command -v python3) || skip 'no python3 to change a file'
"$python3" - none/blemish/weights/renamed.safetensors <<'P'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(-1, 2)
    last = file.read(1)
    file.seek(-1, 2)
    file.write(bytes([last[0] ^ 1]))
P
expect 3 info none/blemish/weights/renamed.safetensors
mv none/blemish/weights/renamed.safetensors here/my_ti.safetensors
expect 3 detect here/outside data/set/test/dent/000.png --quiet
err_has 'my_ti.safetensors: checksum [0-9a-f]{32}, but the bytes have [0-9a-f]{32}: damaged'
err_lines 1

# Several networks.  Imported weights have a hash that no installed file has.
mkdir -p pair away
cp "$root/weights/contnet-ti.safetensors" pair/one.safetensors
expect 0 import "$root/weights/contnet-s.safetensors" --pre-norm -o pair/two.safetensors
expect 0 fit data/set/train/good -q -w ./pair/one.safetensors,./pair/two.safetensors --weights-outside -o pair/model
expect 0 info pair/model
out_has 'found as one.safetensors and others'
expect 0 detect pair/model data/set/test/dent/000.png --quiet
mv pair/two.safetensors away/
expect 3 detect pair/model data/set/test/dent/000.png --quiet
err_has 'pair/model: its weights two.safetensors, with the hash [0-9a-f]{32}, are not beside it or in the folders BLEMISH_WEIGHTS='
err_lines 1
cp pair/one.safetensors pair/two.safetensors
expect 3 detect pair/model data/set/test/dent/000.png --quiet
err_has 'pair/two.safetensors has another hash'
err_lines 1

# A model whose weights would not be found is written, with a remark.
expect 0 fit data/set/train/good -q -w ./away/two.safetensors --weights-outside -o lost
err_has 'lost: its weights two.safetensors, .* are not beside it .*; the model can be used once they are there'
err_lines 1

# An ONNX network, with the file of its numbers.
[ -n "$runtime" ] || exit 0
corpus=$root/tests/corpus/onnx
export BLEMISH_ONNXRUNTIME="$runtime"
cp "$corpus/elsewhere.onnx" "$corpus/elsewhere.onnx.data" pair/
expect 0 fit data/set/train/good -q -w ./pair/elsewhere.onnx --taps fine,deep --size 64x64 --weights-outside -o pair/net
expect 0 info pair/net
out_has 'taps fine,deep'
expect 0 detect pair/net data/set/test/dent/000.png --quiet
cp out net.tsv
expect 0 fit data/set/train/good -q -w ./pair/elsewhere.onnx --taps fine,deep --size 64x64 -o pair/whole
expect 0 detect pair/whole data/set/test/dent/000.png --quiet
cmp out net.tsv || fail 'an ONNX network outside gives other scores'
head -c 400 /dev/zero >pair/elsewhere.onnx.data
expect 3 detect pair/net data/set/test/dent/000.png --quiet
err_has 'elsewhere.onnx has another hash'
