# Bad input files: one line with the name, exit code 3.

m=data/model
image=$(good)

bad() { # FILE: not a valid image
    expect 3 detect $m "$1"
    err_has "^blemish: $1: "
    err_lines 1
    out_is ''
    expect 3 detect $m "$1" "$image" --json
    out_lines 2
    out_has "\"name\": \"$1\", .*\"error\": \""
    out_is_json
    expect 3 detect $m "$image" "$1" --csv
    out_lines 3
    expect 3 fit "$(good 1)" "$(good 2)" "$(good 3)" "$1" -o new
    err_has "^blemish: $1: "
    err_lines 1
    absent new
}
bad missing.png
: >empty.png
bad empty.png
echo 'no image at all' >text.png
bad text.png
head -c 300 "$image" >cut.png
bad cut.png
size=$(wc -c <"$image")
head -c $((size - 20)) "$image" >end.png
bad end.png
printf '\211PNG\r\n\032\n\0\0\0\rIHDR\377\377\377\377\377\377\377\377\10\6\0\0\0' >huge.png
bad huge.png
printf 'P6 100000 100000 255 ' >large.ppm
bad large.ppm

# The user can set the limits.
expect 3 detect $m "$image" --max-pixels 100
err_has "^blemish: $image: "
expect 3 detect $m "$image" --max-bytes 100
err_has "^blemish: $image: "

# A crop rectangle outside the image.
expect 3 fit data/set/train/good --crop 0,0,99999,99999 -o new
err_lines 1
absent new

# Models.
not_model() {
    expect 3 detect "$1" "$image"
    err_has "^blemish: $1: "
    err_lines 1
    expect 3 info "$1"
    err_has "^blemish: $1: "
    expect 3 eval "$1" data/set
    err_has "^blemish: $1: "
    out_is ''
}
not_model missing
not_model empty.png
not_model text.png
mkdir folder
not_model folder
head -c 5000 data/model >cut.model
not_model cut.model
size=$(wc -c <data/model)
head -c $((size - 1)) data/model >short.model
not_model short.model
cp data/model changed.model
chmod u+w changed.model
printf 'x' | dd of=changed.model bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
not_model changed.model

# Weights.
expect 3 fit data/set/train/good --weights text.png -o new
err_has '^blemish: text\.png: '
absent new
expect 3 import text.png -o new
err_has '^blemish: text\.png: '
absent new
expect 3 import missing -o new
err_has '^blemish: missing: '

if [ "$(id -u)" != 0 ]; then
    cp "$image" closed.png
    chmod 0 closed.png
    bad closed.png
fi
