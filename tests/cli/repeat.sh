# Several images of each part: verdicts that change, and the spread of scores.
m=data/model
n=0
for image in data/set/test/good/*.png; do
    n=$((n + 1))
    [ $n -gt 3 ] && break
    mkdir -p parts/p$n
    cp "$image" parts/p$n/1.png
    cp "$image" parts/p$n/2.png
done
defect=$(find data/set/test -path '*/good' -prune -o -name '*.png' -print | sort | head -n 1)

# The same image twice: no verdict changes, all spread is between parts.
expect 0 repeat $m parts --group-by folder -q
out_has '^images: 6 of 3 parts, 3 of them with two or more$'
out_has '^OK in one image and NG in another: 0 of 3 parts, 0\.000'
out_has 'different verdicts with probability 0\.0000'
out_has '^spread of the scores of one part: 0, 0 of the way'
out_has '^repeatability: 0\.0% of the variance, 0\.0% of the total spread'
out_lacks 'whose verdict changes'

# A part that is OK in one image and NG in another, and a part of one image.
mkdir parts/mixed parts/single
cp parts/p1/1.png parts/mixed/1.png
cp "$defect" parts/mixed/2.png
cp parts/p2/1.png parts/single/1.png
expect 0 repeat $m parts --group-by folder --judge-anyway
err_has '1 of 5 parts have only one image'
out_has '^images: 9 of 5 parts, 4 of them with two or more$'
out_has '^OK in one image and NG in another: 1 of 4 parts, 0\.250 \(95% interval 0\.0'
out_has 'different verdicts with probability 0\.2500'
out_has '^    parts/mixed: 1 OK, 1 NG; scores '
expect 0 repeat $m parts --group-by folder --judge-anyway --json -q
out_lines 1
out_is_json
out_has '"images": 9, "parts": 5, "repeated": 4, "flips": 1, "unsure": 0, "partly_unjudged": 0, "disagreement": 0.25,'
out_has '"part": "parts/single", "images": 1, "ok": 1, "ng": 0,'
# The spread within parts follows from the scores of detect: one pair differs, of 9 - 5.
expect 0 detect $m parts/mixed --judge-anyway -q --csv
awk -F, 'NR > 1 { s[NR] = $2 } END { printf "%.5f", sqrt((s[2] - s[3]) ^ 2 / 2 / 4) }' out >expected
expect 0 repeat $m parts --group-by folder --judge-anyway --json -q
grep -o '"within": [0-9.]*' out | awk -v expected="$(cat expected)" \
    '{ off = $2 - expected } END { exit !(NR == 1 && off < 1e-4 && off > -1e-4) }' || fail 'the spread within parts'

# Nothing to compare.
expect 3 repeat $m parts/p1/1.png parts/p2/1.png --group-by folder
err_has 'each of the 2 parts has only one image: nothing to compare'
out_has '^spread of the scores of one part: unknown'

# The key of a pattern; files that cannot be read.
expect 0 repeat $m parts --group-by 'regex:parts/(p[0-9])' -q
out_has '^images: 9 of 6 parts, 3 of'
echo no >parts/p1/3.png
expect 3 repeat $m parts --group-by folder -q
err_has 'parts/p1/3.png'
out_has '^images: 9 of 5 parts'
expect 2 repeat $m parts
expect 2 repeat $m parts --group-by prefix:0
