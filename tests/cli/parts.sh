# Several images of a part: one verdict for all of them, with a model for each view.
m=data/model
good1=data/set/train/good/000.png
good2=data/set/train/good/001.png
defect=$(find data/set/test -path '*/good' -prune -o -name '*.png' -print | sort | head -n 1)
expect 0 detect $m "$defect" "$good1" "$good2" -q
[ "$(cut -f 4 out | tr '\n' ' ')" = 'NG OK OK ' ] || fail 'these images must be NG, OK and OK'
for part in p1 p2 p3; do
    n=${part#p} # different images, since equal ones in a row would be frozen
    mkdir -p parts/$part
    cp data/set/train/good/00$((2 * n)).png parts/$part/top.png
    cp data/set/train/good/00$((2 * n + 1)).png parts/$part/side.png
done
cp "$defect" parts/p2/side.png

# A part is NG if an image is; its line follows its last image and has its worst score.
expect 0 detect $m parts --part-by folder -q
out_lines 9
[ "$(sed -n 3p out | cut -f 1,4)" = 'part:parts/p1	OK' ] || fail 'the first part'
grep -E '^part:parts/p2	[0-9.]+	[0-9.]+	NG	parts/p2/side.png NG$' out >line || fail 'the second part'
[ "$(cut -f 2 line)" = "$(grep '^parts/p2/side.png' out | cut -f 2)" ] || fail 'not the worst score'
expect 1 detect $m parts --part-by folder -q --exit-status
expect 0 detect $m parts/p1 parts/p3 --part-by folder -q --exit-status

# JSON and CSV.
expect 0 detect $m parts --part-by folder -q --json
out_lines 9
out_is_json
out_has '^\{"name": "parts/p1/side.png", "model": "[0-9a-f]{32}", "part": "parts/p1", "view": "", "score"'
out_has '^\{"part": "parts/p2", "score": [0-9.]+, "threshold": [0-9.]+, "calibrated": [0-9.]+, "verdict": "NG", "why": "parts/p2/side.png NG", "images": \[\{'
expect 0 detect $m parts --part-by folder -q --csv
out_lines 10
out_has '^name,score,threshold,verdict,regions,width,height,error,reasons,part,view.$'
out_has '^parts/p1/side.png,[0-9.]+,[0-9.]+,OK,0,96,96,,,parts/p1,.$'
out_has '^,[0-9.]+,[0-9.]+,NG,,,,,parts/p2/side.png NG,parts/p2,.$'
[ "$(awk -F, '{ print NF }' out | sort -u)" = 11 ] || fail 'CSV rows of different lengths'

# Images of a part that do not follow one another; names that the pattern does not match.
mkdir -p mixed/top mixed/side
cp $good1 mixed/top/1.png
cp $good1 mixed/top/2.png
cp $good2 mixed/side/1.png
cp "$defect" mixed/side/2.png
expect 0 detect $m mixed --part-by prefix:1 -q --judge-anyway
grep '^part:' out | cut -f 1,4 >verdicts
[ "$(cat verdicts)" = "$(printf 'part:1\tOK\npart:2\tNG')" ] || fail 'parts by prefix'
expect 0 detect $m mixed --part-by 'regex:top/([0-9])' --judge-anyway
err_has '--part-by: the pattern does not match the names of 2 images'

# Views: a missing one is CANNOT JUDGE, unless another is NG.
printf '# views of a part\ntop /top[.]\n\nside  /side[.]\t%s\n' "$PWD/data/model2" >views
expect 0 detect $m parts --part-by folder --views views -q --json
out_has '"part": "parts/p1", "view": "top"'
models=$(grep -o '"model": "[0-9a-f]*"' out | sort -u | wc -l)
expect 0 info data/model2
cp out info2
expect 0 info $m
if [ "$(grep '^hash' out)" != "$(grep '^hash' info2)" ]; then
    [ "$models" = 2 ] || fail 'each view has its model'
fi
rm parts/p3/side.png
expect 5 detect $m parts/p1 parts/p3 --part-by folder --views views -q -e
out_has '^part:parts/p1	[0-9.]+	[0-9.]+	OK$'
out_has '^part:parts/p3	[0-9.]+	[0-9.]+	CANNOT JUDGE	view side missing$'
expect 0 detect $m parts --part-by folder --views views -q --json
out_has '"part": "parts/p3", .*"verdict": "CANNOT JUDGE", "why": "view side missing", .*"missing": \["side"\]'
rm parts/p2/top.png
expect 1 detect $m parts/p2 --part-by folder --views views -q -e
out_has '^part:parts/p2	.*	NG	parts/p2/side.png NG; view top missing$'
expect 5 detect $m parts/p1 parts/p3 --part-by folder --view-count 2 -q -e
out_has '^part:parts/p3	.*	CANNOT JUDGE	1 of 2 images missing$'

# A view that cannot be read or judged.
echo no >parts/p3/side.png
expect 3 detect $m parts/p3 --part-by folder -q
out_has '^part:parts/p3	.*	CANNOT JUDGE	parts/p3/side.png cannot be read$'
cp parts/p1/side.png parts/p1/side2.png
expect 0 detect $m parts/p1/side.png parts/p1/side2.png --part-by folder -q
out_has '^part:parts/p1	.*	CANNOT JUDGE	parts/p1/side2.png CANNOT JUDGE \(frozen\)$'

# The same picture of two views of one part does not count as frozen: each has its camera.
printf 'a side[.]\nb side2[.]\n' >two
expect 0 detect $m parts/p1/side.png parts/p1/side2.png --part-by folder --views two -q
out_lacks 'frozen'
expect 0 detect $m parts/p1 --part-by folder --views two
err_has 'parts/p1/top.png: no view of two matches its name: left out, 1 such images in all'
expect 3 detect $m parts/p1/top.png --part-by folder --views two

# Without --part-by nothing changes.
expect 0 detect $m parts/p1/top.png
out_lines 1
expect 0 detect $m parts/p1/top.png --csv
out_has '^name,score,threshold,verdict,regions,width,height,error,reasons.$'

# Faults.
expect 2 detect $m parts --views views
expect 2 detect $m parts --view-count 2
expect 2 detect $m parts --part-by folder --views views --view-count 2
expect 2 detect $m parts --part-by size
err_has '--part-by "size": should be prefix:N, folder or regex:PATTERN'
for text in 'top' 'a x\na y' 'a ((' 'a x nowhere.model' '#'; do
    printf "$text\n" >bad
    expect 3 detect $m parts/p1 --part-by folder --views bad
    err_has 'bad: |nowhere.model'
done
expect 3 detect $m parts/p1 --part-by folder --views nowhere
