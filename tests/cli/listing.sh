# Folders, lists and names of every kind.  `detect` prints the images found, in order.

m=data/model
image=$(good)

names() { # the printed names, one per line
    cut -f 1 out
}
expect_names() {
    [ "$(names)" = "$1" ] || fail "$command: names are not: $1"
}

# Natural order, hidden files and other files left out, any case of an extension.
mkdir -p tree/sub10 tree/sub9 tree/.hidden
for name in img10.png img2.png img02.png IMG1.PNG sub9/b.png sub10/a.png .hidden/x.png .x.png; do
    cp "$image" "tree/$name"
done
echo text >tree/notes.txt
echo text >tree/png
expect 0 detect $m tree
expect_names 'tree/IMG1.PNG
tree/img02.png
tree/img2.png
tree/img10.png
tree/sub9/b.png
tree/sub10/a.png'
expect 0 detect $m tree/
out_has '^tree/IMG1\.PNG	'

# A file that is an argument is taken, whatever its name.
cp "$image" plain
cp "$image" .dot
expect 0 detect $m plain .dot tree/.hidden/x.png
out_lines 3

# Folders named like images are folders; links are followed, without loops.
mkdir -p loops/folder.png/deep
cp "$image" loops/folder.png/deep/a.png
ln -s .. loops/folder.png/up
ln -s . loops/self.png
ln -s deep loops/folder.png/again
expect 0 detect $m loops
expect_names 'loops/folder.png/again/a.png
loops/folder.png/deep/a.png'

# Only regular files of folders are taken, since a pipe would block.
mkdir special
mkfifo special/pipe.png
cp "$image" special/a.png
expect 0 detect $m special
expect_names special/a.png

# A broken link is reported, and the other images are scored.
mkdir broken
ln -s nowhere broken/gone.png
cp "$image" broken/there.png
expect 3 detect $m broken
err_is 'blemish: broken/gone.png: cannot open: No such file or directory'
expect_names broken/there.png

# Names with blanks, dashes, quotes, control characters, and bytes that are not UTF-8.
mkdir odd
odd=$(printf 'new\nline\033[31m.png')
latin=$(printf 'caf\351.png')
for name in 'a b.png' '-dash.png' '"quoted",.png' "$odd" "$latin" '%s%n.png'; do
    cp "$image" "odd/$name"
done
expect 0 detect $m odd
out_lines 6
out_has '^odd/new\\x0aline\\x1b\[31m\.png	'
expect 0 detect $m odd --json
out_lines 6
out_is_json
out_has '"odd/\\"quoted\\",\.png"'
out_has '"odd/new\\u000aline\\u001b\[31m\.png"'
expect 0 detect $m odd --csv
out_has '^"odd/""quoted"",\.png",'
cd odd && cp "$image" ./@at.png 2>/dev/null || cp "../$image" ./@at.png
cd ..
expect 0 detect $m ./odd/@at.png -- odd/-dash.png
(cd odd && "$blemish" detect ../$m -- -dash.png ./@at.png >../out 2>../err) || fail 'a name with a dash'
out_lines 2

# Lists.
printf '%s\n\ntree/sub9\n%s' "$image" plain >list
expect 0 detect $m @list
expect_names "$image
tree/sub9/b.png
plain"
: >empty
expect 3 detect $m @empty
err_is 'blemish: empty: empty, expected a path on every line'
expect 3 detect $m @missing
err_is 'blemish: missing: cannot open: No such file or directory'
printf 'a\0b\n' >zero
expect 3 detect $m @zero
err_has '^blemish: zero: contains a zero byte'

# Empty folders.
mkdir nothing
expect 3 detect $m nothing
err_is 'blemish: nothing: no image in this folder'
out_is ''
expect 3 fit nothing -o new
absent new
expect 3 detect $m nothing "$image"
out_lines 1

if [ "$(id -u)" != 0 ]; then
    mkdir closed
    cp "$image" closed/a.png
    chmod 0 closed
    expect 3 detect $m closed
    err_is 'blemish: closed: cannot read the folder: Permission denied'
    chmod 700 closed
fi

# Lists from other systems: line ends of Windows, a byte order mark, no end of the last line.
printf '\357\273\277%s\r\n\r\ntree/sub9\r\n%s' "$image" plain >windows
expect 0 detect $m @windows
expect_names "$image
tree/sub9/b.png
plain"
printf '\377\376a\0\n\0' >utf16
expect 3 detect $m @utf16
err_is 'blemish: utf16: UTF-16 text, expected a path on every line'
# From standard input.
printf '%s\nplain\n' "$image" >list
"$blemish" detect $m @- <list >out 2>err || fail '@- fails'
expect_names "$image
plain"
expect 3 detect $m @-
err_is 'blemish: standard input: empty, expected a path on every line'

# Files left out of a folder are counted and reported once; not with --quiet.
# The images are copies of one: the series is frozen.
expect 0 detect $m tree tree/sub9
err_is 'blemish: left out: 2 not named like an image (such as tree/notes.txt), 2 hidden (such as tree/.hidden)
blemish: 6 of 7 images cannot be judged: 6 frozen'
expect 0 detect $m tree -q
err_is ''
expect 0 detect $m tree/sub9
err_is ''

# Masks, and results of detect --maps, beside their images are left out.
mkdir -p masks/ground_truth
for name in a.png b.jpg a_mask.png b_GT.bmp mask.png c_mask.png ground_truth/a.png; do
    cp "$image" "masks/$name"
done
expect 0 detect $m masks --maps masks -q
expect 0 detect $m masks
expect_names 'masks/a.png
masks/b.jpg
masks/c_mask.png
masks/mask.png'
err_has '^blemish: left out: 15 masks or results of blemish \(such as masks/a\.png\.heat\.png\)$'
expect 0 detect $m masks/ground_truth masks/a_mask.png
out_lines 2

# --exclude: by name at any depth, or by path; also for arguments themselves.
expect 0 detect $m tree --exclude 'img*,sub10'
expect_names 'tree/IMG1.PNG
tree/sub9/b.png'
err_has '4 excluded \(such as tree/img02\.png\)'
expect 0 detect $m tree -q -x 'sub*/*.png'
out_lines 4
expect 0 detect $m tree/img2.png plain -q -x 'img*'
expect_names plain
expect 3 detect $m tree -x '*'
err_has '^blemish: tree: no image in this folder$'

# Every page of a TIFF is an image of its own.
mkdir pages
cp "$root/tests/corpus/image/tiff_pages.tif" pages/many.tif
cp "$image" pages/one.png
expect 0 detect $m pages pages/many.tif#3
expect_names 'pages/many.tif
pages/many.tif#2
pages/many.tif#3
pages/one.png
pages/many.tif#3'
expect 3 detect $m pages/many.tif#4
err_has '^blemish: pages/many.tif#4: TIFF: no page 4, the file has 3$'
expect 0 fit pages/many.tif -o pages.model
expect 0 info pages.model
out_has '3 images'
