# bf16 and int8: change of scores, and the type kept by a model.

scores() { sed 's/.*"score": \([^,]*\),.*/\1/'; }
expect 0 detect data/model data/set/test --json
scores <out >exact
expect 0 info data/model
out_lacks 'bf16|int8'
for type in bf16 int8; do
    expect 0 fit data/set/train/good -o model -q --type $type
    expect 0 info model
    out_has "^method: .*$type"
    expect 0 info model --json
    out_has "\"type\": \"$type\""
    expect 0 detect model data/set/test --json
    scores <out >found
    paste exact found | awk -v type=$type '
        { d = ($2 - $1) / $1; if (d < 0) d = -d; if (d > worst) worst = d }
        END {
            printf "%s: the score that moves most moves by %.4f of itself\n", type, worst
            exit !(worst > 0 && worst < 0.03)
        }' || fail "$type: scores are too far from those of float, or the same"
    expect 0 eval model data/set
    "$blemish" eval model data/set | sed -n "2s/^/$type: /p"
    expect 0 bench --weights ti --type $type --images 3 --runs 3 --json
    out_has "\"type\": \"$type\""
done

# With any type, equal images give equal bytes.
cp model first
expect 0 fit data/set/train/good -o model -q --type int8 -t 1
cmp -s model first || fail 'an int8 model depends on the number of threads'

expect 2 fit data/set/train/good -o none --type f16
err_has '^blemish: [a-z]*: --type "f16": should be'
expect 2 bench --model model --type bf16 --runs 3
err_has 'a model has its own size, taps and types'

# Samples that need a range: the model keeps it.
mkdir deep
for name in i2 i4 u2 f2 f4 f8; do
    cp "$root/tests/corpus/image/tiff_range_${name}_strips.tif" deep/$name.tif
done
expect 3 fit deep -o ranged
err_has '^blemish: deep/f2.tif: TIFF: 16-bit floating-point samples, .* expected a range \(--range LOW,HIGH\)$'
absent ranged
expect 0 fit deep -o ranged -q --range 100,1500
expect 0 info ranged
out_has 'range 100,1500'
expect 0 info ranged --json
out_has '"range": \[100, 1500\]'
expect 0 detect ranged deep --json
out_lines 6
out_lacks error
expect 2 fit deep -o none --range 100,1500 --bits 12
err_has 'range and bits 12'
expect 2 fit deep -o none --range 1500,100
err_has 'range "1500,100": should be LOW,HIGH'
