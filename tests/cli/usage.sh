# Errors in the command line: one line, with a hint at --help.

expect 2
err_has '^Usage: blemish VERB'
out_is ''
expect 2 frobnicate
err_has '^blemish: there is no verb "frobnicate"$'
expect 0 --version
out_has '^blemish [0-9]+\.[0-9]+\.[0-9]+$'
expect 0 --help
out_has '^  detect '
err_is ''

for verb in fit calibrate detect eval info import; do
    expect 0 $verb --help
    err_is ''
    out_has "^Usage: blemish $verb "
    expect 0 $verb -h
    expect 2 $verb
    err_has "\(see: blemish $verb --help\)$"
    err_lines 1
    expect 2 $verb --no-such-option x y
    err_has "^blemish: $verb: unknown option --no-such-option "
    expect 2 $verb -Z x y
    err_has "^blemish: $verb: unknown option -Z "
    out_is ''
done

refuse() { # OPTION VALUE WORDS
    expect 2 fit "--$1=$2" x -o model
    err_has "^blemish: fit: --$1 \"$2\": should be .*$3"
    err_lines 1
    expect 2 fit x "--$1" "$2" -o model
}
refuse size 224 'WxH'
refuse size 224x 'WxH'
refuse size 0x0 'from 1 '
refuse size 224x224x 'WxH'
refuse size 224x9999999999999999999999 'WxH'
refuse crop 1,2,3 'X,Y,W,H'
refuse crop 0,0,0,5 '1 or more'
refuse crop -1,0,5,5 'X,Y,W,H'
refuse filter lanczos 'bilinear\|bicubic'
refuse filter bi 'bilinear'
refuse filter '' 'bilinear'
refuse bits 17 'from 9 to 16'
refuse bits 12x 'from 9 to 16'
refuse taps 2, 'names or numbers'
refuse taps '2 3' 'names or numbers'
refuse epsilon 0 'from 1e-09'
refuse epsilon nan 'from 1e-09'
refuse epsilon inf 'from 1e-09'
refuse sigma -1 'from 0'
refuse false-alarm 0 'above 0 and below 1'
refuse false-alarm 1 'above 0 and below 1'
refuse false-alarm 0.01x 'above 0 and below 1'
refuse min-area 0 'from 1'
refuse hysteresis 0 'from 0.01 to 1'
refuse closing 65 'from 0 to 64'
refuse fill-holes -1 'from 0'
refuse max-pixels 1T 'from 1'
refuse max-pixels -5 'from 1'
refuse max-bytes 99999999999999999999 'from 1'
refuse threads 0 'from 1'
refuse output '' 'not empty'
refuse list-odd -1 'from 0'

expect 2 fit x
err_has 'no output given, expected -o MODEL'
expect 2 fit -o model
err_has 'no images given, expected DIR'
expect 2 fit x -o
err_has 'option --output needs a value \(MODEL\)'
expect 2 fit x -o model --skip-bad=1
err_has 'option --skip-bad takes no value'
expect 2 fit x -o model --no-sigma
err_has 'unknown option --no-sigma'
expect 2 fit x -o model --sig 4
err_has 'unknown option --sig '
expect 2 detect model
expect 2 detect model x --json --csv
err_has 'one of --json and --csv'
expect 3 detect -- --json --csv
err_has '^blemish: --json: cannot open'
expect 3 detect -qt2 --no-json --json --no-json missing x
err_has '^blemish: missing: cannot open'

# A size that the backbone cannot take is refused before any image is read.
for size in 7392x224 224x14336; do
    expect 2 fit --size $size /nowhere/a.png -o model
    err_has "^blemish: fit: --size \"$size\": should be WxH, .*, each from 1 to 7168"
    err_lines 1
done
for size in 225x224 112x224; do
    expect 2 fit --size $size /nowhere/a.png -o model
    err_has "^blemish: size ${size%x*} x ${size#*x}: both sides must be multiples of 224, at most 7168"
    err_lines 1
done
