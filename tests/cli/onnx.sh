# Networks in the form of ONNX: what is refused without ONNX Runtime, and then, if
# $BLEMISH_ONNXRUNTIME names its library, the whole way from import to a verdict.

corpus=$root/tests/corpus/onnx
runtime=${BLEMISH_ONNXRUNTIME:-}
unset BLEMISH_PROVIDER

# ---- without the library

export BLEMISH_ONNXRUNTIME=/nonexistent/libonnxruntime.so.1
expect 3 fit data/set/train/good -w "$corpus/two.onnx" -o m
err_has '^blemish: ONNX Runtime: BLEMISH_ONNXRUNTIME cannot be loaded: /nonexistent/'
err_lines 1
absent m
expect 3 import "$corpus/two.onnx" --onnxruntime /nonexistent/other.so -o w.safetensors
err_has '/nonexistent/other.so'
expect 3 import "$corpus/two.onnx" --onnxruntime libm.so.6 -o w.safetensors
err_has 'libm.so.6: not ONNX Runtime: it has no function OrtGetApiBase'
absent w.safetensors
expect 3 import "$corpus/circle.onnx" -o w.safetensors
err_has 'circle.onnx: node 0 needs what node 1 computes'
expect 3 import nothing.onnx -o w.safetensors
err_has 'nothing.onnx'
expect 2 fit data/set/train/good -w "$corpus/two.onnx" --taps fines -o m
err_has 'taps "fines": not a value of the network; it has fine, '
err_lines 1
expect 2 fit data/set/train/good -w "$corpus/two.onnx,ti" -o m
err_has 'two.onnx has to be alone; of several, expected the weights file that `blemish import` makes'
expect 2 import "$corpus/two.onnx" --form pre-norm -o w.safetensors
err_has 'an ONNX network has no form'
expect 2 fit data/set/train/good -w ti --mean 0.5,0.5 -o m
err_has 'mean "0.5,0.5": should be R,G,B, three numbers from -10000 to 10000'
expect 2 fit data/set/train/good -w ti --std 0.5,0.5,0 -o m
err_has 'std "0.5,0.5,0": should be R,G,B, three numbers from 0.0001 to 10000'
expect 2 fit data/set/train/good -w ti,s --mean 0.5,0.5,0.5 -o m
err_has 'mean "0.5,0.5,0.5": the networks of ConTNet-Ti . ConTNet-S have their own'
absent m

# ---- mean and std of any backbone, recorded in the model

expect 0 fit data/set/train/good -q -w ti --taps layer1 --mean 0.5,0.50,0.5 --std 1,1,1 -o normal
expect 0 info normal
out_has 'mean 0.5,0.5,0.5, std 1,1,1'
expect 0 fit data/set/train/good -q -w ti --taps layer1 -o usual
expect 0 info usual
out_lacks 'mean'
expect 0 detect normal data/set/test/dent/000.png --quiet
cp out other
expect 0 detect usual data/set/test/dent/000.png --quiet
if cmp -s out other; then fail "mean and std change nothing"; fi

[ -n "$runtime" ] || skip "BLEMISH_ONNXRUNTIME does not name the library of ONNX Runtime"

# ---- with the library

unset BLEMISH_ONNXRUNTIME
expect 3 import "$corpus/batch8.onnx" --onnxruntime "$runtime" -o w.safetensors
err_has 'input image has type 1 and shape .8, 3, 32, 32.; expected type 1'
export BLEMISH_ONNXRUNTIME="$runtime"
expect 2 import "$corpus/two.onnx" --provider abacus -o w.safetensors
err_has 'provider "abacus": ONNX Runtime .* has only .*CPUExecutionProvider'
absent w.safetensors
expect 2 import "$corpus/classifier.onnx" -o w.safetensors
err_has 'taps "classes": its shape is .1, 6. at 224 x 224 pixels; .*: name such values of the network, by --taps'

expect 0 info "$corpus/two.onnx"
out_has '^output: deep, 6 channels, a position every 4 pixels$'
expect 2 info "$corpus/classifier.onnx"
err_has 'by --taps'

onnx="-w $corpus/two.onnx --taps fine,deep --size 64x64"
expect 0 fit data/set/train/good -q $onnx -o direct
expect 0 info direct
out_has '^backbone: ONNX network, weights [0-9a-f]{32}$'
out_has 'taps fine,deep'
out_has 'GFLOP in distances and unknown work in the network'
out_lacks ' 0 GFLOP'
expect 0 info direct --json
out_is_json
out_has '"network_gflop": null'
expect 0 detect direct data/set/test/dent/000.png --quiet
cp out direct.tsv

# The same by way of weights, which can be used beside others.
expect 0 import "$corpus/two.onnx" --taps deep,fine --size 64x64 -o net.safetensors
expect 0 info net.safetensors
out_has '^backbone: ONNX network, input 64x64 or other multiples of 4$'
out_has '^output: fine, 4 channels, a position every 2 pixels$'
expect 0 fit data/set/train/good -q -w ./net.safetensors --size 64x64 -o imported
expect 0 detect imported data/set/test/dent/000.png --quiet
cmp -s out direct.tsv || fail "imported weights give other scores"
expect 0 fit data/set/train/good -q -w ./net.safetensors,ti --size 224x224 --taps onnx-network:deep,contnet-ti:layer1 -o both
expect 0 info both
out_has 'ONNX network . ConTNet-Ti'
expect 0 detect both data/set/test/dent/000.png --quiet

# The model has the network inside; without the library it says what is missing.
cp "$corpus/elsewhere.onnx" "$corpus/elsewhere.onnx.data" .
expect 0 fit data/set/train/good -q -w ./elsewhere.onnx --taps fine --size 32x32 -o inside
rm elsewhere.onnx.data
expect 3 fit data/set/train/good -q -w ./elsewhere.onnx --taps fine --size 32x32 -o again
err_has 'elsewhere.onnx.data'
rm elsewhere.onnx
expect 0 detect inside data/set/test/dent/000.png --quiet
expect 0 bench --model inside --runs 3
out_has '^ONNX network, 32 x 32 pixels, f32, ONNX Runtime .*CPUExecutionProvider'
out_has 'the work of the network is unknown'
expect 3 detect inside data/set/test/dent/000.png --quiet --onnxruntime /nonexistent/x.so
err_has 'BLEMISH_ONNXRUNTIME cannot be loaded'
expect 2 fit data/set/train/good -q $onnx --type bf16 -o typed
err_has 'type: an ONNX network has the type that it was exported with; expected f32'
expect 0 fit data/set/train/good -q $onnx --mean 0,0,0 --std 0.00392157,0.00392157,0.00392157 -o bytes
expect 0 detect bytes data/set/test/dent/000.png --quiet
if cmp -s out direct.tsv; then fail "mean and std change nothing"; fi
