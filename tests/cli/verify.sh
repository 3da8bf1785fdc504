# Masters: parts known to be good or defective.
cp data/model m
defect=$(find data/set/test -path '*/good' -prune -o -name '*.png' -print | sort | head -n 1)
mkdir -p masters/good masters/bad
cp data/set/test/good/*.png masters/good/
cp "$defect" masters/bad/a.png
# Only masters that the model judges right: the other good ones are left out.
"$blemish" detect m masters/good -q | awk -F'\t' '$4 != "OK" { print $1 }' | xargs -r rm

expect 3 verify m
err_has 'm.masters: cannot read the list of masters'
err_has 'name the masters once with --masters DIR'
expect 0 verify m --masters masters
all=$(find masters -name '*.png' | wc -l)
out_is "$all of $all masters judged right ($((all - 1)) good, 1 defective)"
expect 0 verify m
out_is "$all of $all masters judged right ($((all - 1)) good, 1 defective)"
expect 0 verify m --json
out_is_json
out_has '"defective": 1, "right": [0-9]+, "masters": \[\{"name": "bad/a.png", "state": "right", "expected": "NG", "verdict": "NG", "score": '

# A defective part that is taken as good is judged wrong.
cp "$defect" masters/good/wrong.png
expect 1 verify m --masters masters
out_has '^[^	]*masters/good/wrong.png	NG \(score [0-9.]+, threshold [0-9.]+\), expected OK$'
out_has "^$all of $((all + 1)) masters judged right"
expect 1 verify m -q

# No model is written if it judges a master wrong.
expect 1 fit data/set/train/good -o new --masters masters -q
err_has 'masters/good/wrong.png: NG .*, expected OK'
err_has 'no model is written'
absent new
absent new.masters
expect 1 calibrate m -o new --masters m.masters -q
absent new
rm masters/good/wrong.png
expect 0 calibrate m -o new --masters masters -q
expect 0 verify new
expect 0 verify new --masters new.masters
expect 0 calibrate m -o new
err_has 'new.masters lists masters, which are not judged'

# Masters that have changed or are missing are named by their hash.
expect 0 verify m --masters masters -q
cp masters/bad/a.png kept.png
cp masters/good/000.png masters/bad/a.png 2>/dev/null || cp "$(good)" masters/bad/a.png
expect 1 verify m
out_has 'masters/bad/a.png	changed: its hash is [0-9a-f]{16}, expected [0-9a-f]{16}$'
rm masters/bad/a.png
expect 1 verify m
out_has 'masters/bad/a.png	missing, expected the file with hash [0-9a-f]{16}$'
out_has "^$((all - 1)) of $all masters judged right"
cp kept.png masters/bad/a.png
expect 0 verify m
mv masters moved
expect 1 verify m -q
expect 0 verify m --folder moved

# Masters of one kind prove little; faults of the folder and of the list.
mkdir -p one/good
cp moved/good/*.png one/good/
cp m m2
expect 0 verify m2 --masters one
err_has 'no defective masters: a model that calls every part OK would pass'
mkdir flat
cp kept.png flat/
expect 3 verify m2 --masters flat
err_has 'a master must be in the folder good'
echo no >one/good/broken.png
expect 3 verify m2 --masters one
err_has 'broken.png'
for text in 'x' 'blemish masters 1' 'blemish masters 1\nfolder .\nOK 12 a.png' \
    'blemish masters 1\nfolder .\nMAYBE 0123456789abcdef a.png' 'blemish masters 1\nOK 0123456789abcdef a.png'; do
    printf "$text\n" >list
    expect 3 verify m2 --masters list
    err_has 'list: line [0-9]+ is not one of a list of masters'
done
