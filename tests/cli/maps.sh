# The files of detect --maps: complete, of the image's size, with unique names, inside the folder.

m=data/model
image=$(good)
type_of() { # the first bytes of a file
    head -c "${2:-4}" "$1" | od -An -tx1 | tr -d ' \n'
}
holds() { # FILES..., relative to maps, are all that is there
    printf '%s\n' "$@" | sort >wanted
    (cd maps && find . -type f) | sed 's/^\.\///' | sort >there
    cmp -s wanted there || { cat there; fail "$command: wrong files in maps"; }
    rm -rf maps
}

cp "$image" x.png
expect 0 detect $m x.png --maps maps
[ "$(type_of maps/x.png.heat.png)" = 89504e47 ] || fail 'no PNG'
[ "$(type_of maps/x.png.mask.png)" = 89504e47 ] || fail 'no PNG'
case $(type_of maps/x.png.map.tiff) in 49492a00 | 4d4d002a | 49492b00) ;; *) fail 'no TIFF' ;; esac
expect 0 detect $m maps/x.png.heat.png --json
out_has '"width": [0-9]+, "height": [0-9]+'
holds x.png.heat.png x.png.mask.png x.png.map.tiff

expect 0 detect $m x.png -m maps --map-format npy
[ "$(type_of maps/x.png.map.npy 6)" = 934e554d5059 ] || fail 'no NPY'
expect 0 detect $m x.png --maps maps --map-format tiff32
expect 0 detect $m x.png --maps=maps --map-format=png16
holds x.png.heat.png x.png.mask.png x.png.map.tiff x.png.map.npy x.png.map.png

# Each image has its own files, in the folders of its path, all below maps.
mkdir -p a b in/deep
for name in a/x.png b/x.png in/x.png in/x.jpg in/deep/x.png; do cp "$image" $name; done
each() {
    for stem in "$@"; do
        set -- "$@" "$stem.heat.png" "$stem.mask.png" "$stem.map.tiff"
        shift
    done
    holds "$@"
}
expect 0 detect $m a/x.png b/x.png in --maps maps
each a/x.png b/x.png x.png x.jpg deep/x.png
expect 0 detect $m a b ./a/x.png a//x.png --maps maps
each x.png x.png~2 a/x.png a/x.png~2
(cd in/deep && expect 0 detect ../../$m ../x.png ../../a/x.png ../deep/./x.png --maps ../../maps) || exit 1
each __/x.png __/__/a/x.png __/deep/x.png
expect 0 detect $m "$PWD/x.png" --maps maps
each "${PWD#/}/x.png"

# A folder with the name of an output of another image.
mkdir -p c/x.png.heat.png
cp x.png c/x.png
cp x.png c/x.png.heat.png/y.png
expect 0 detect $m c --maps maps
each x.png x.png.heat.png_/y.png

long=$(printf '%0240d.png' 0)
cp x.png "$long"
expect 0 detect $m "$long" --maps maps
[ "$(find maps -type f | wc -l)" = 3 ] || fail 'long names must be cut'
rm -rf maps

# Folders are created; failures are reported.
expect 0 detect $m x.png --maps maps/to/be/made
rm -rf maps
echo file >file
expect 4 detect $m x.png --maps file
err_has '^blemish: file: '
expect 4 detect $m x.png --maps file/below
err_has '^blemish: file'
if [ "$(id -u)" != 0 ]; then
    mkdir closed
    chmod 500 closed
    expect 4 detect $m x.png --maps closed
    err_has '^blemish: closed/x\.png\.map\.tiff: cannot write: Permission denied'
fi

# The line surrounds NG, not REVIEW: the heat map of an image that is REVIEW by one model and OK by
# another one with the same threshold is the same.
expect 0 calibrate $m -o alone --false-alarm 1e-9
expect 0 calibrate $m -o doubting --false-alarm 1e-9 --review 0.9
doubtful=
for name in data/set/test/*/*.png; do
    expect 0 detect doubting "$name"
    case $(cut -f 4 out) in REVIEW) doubtful=$name && break ;; esac
done
[ -n "$doubtful" ] || fail 'no image is REVIEW'
for model in alone doubting; do
    expect 0 detect $model "$doubtful" --maps $model.maps
done
cmp -s "alone.maps/$doubtful.heat.png" "doubting.maps/$doubtful.heat.png" ||
    fail 'a line around REVIEW'
cmp -s "alone.maps/$doubtful.mask.png" "doubting.maps/$doubtful.mask.png" &&
    fail 'REVIEW is not in the mask'
true
