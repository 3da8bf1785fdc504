# Changed images: how a model judges them.
m=m
expect 0 fit data/set/train/good -o $m -w contnet-ti -q
expect 0 stress $m data/set -n 3 -o page.html --judge-anyway
out_has '^unchanged +'
[ "$(grep -cE '^(brightness|contrast|blur|noise|jpeg|shift|turn) ' out)" = 35 ] || fail 'rows'
[ "$(grep -cE '^  (brightness|contrast|blur|noise|jpeg|shift|turn) .*(holds to|fails at)' out)" = 7 ] ||
    fail 'limits'
out_has '^of 3 good and 3 defective images'
err_has 'using 6 of 12 images, evenly spread'
[ "$(grep -c '<figure class="plot">' page.html)" = 7 ] || fail 'the page has not 7 plots'
! command -v xmllint >/dev/null || xmllint --noout page.html 2>err || fail 'the page is not well-formed'
cp out text

# A strong change is worse than none: all good images are NG, as their score says.
grep -E '^shift +8 ' text >strong
awk '{ exit !($3 > 0.5) }' strong || fail 'a shift of 8 % changes nothing'
awk '$1 == "unchanged" { exit !($2 < 0.5) }' text || fail 'unchanged images are NG'

# The same seed gives the same numbers for any number of threads, another seed others.
expect 0 stress $m data/set -n 3 --judge-anyway -t 1 -q
cmp -s out text || fail 'threads change the numbers'
expect 0 stress $m data/set -n 3 --judge-anyway --seed 1 -q
! cmp -s out text || fail 'the seed changes nothing'

# Images that cannot be judged are counted as such.
expect 0 stress $m data/set -n 3 --json -q
out_lines 1
out_is_json
out_has '"seed": 0, "allow": 0.1, "failed": 0, "unchanged": \{"good": \{"images": 3'
out_has '"name": "blur", "unit": "% of the shorter side"'
grep -o '"strength": 50, "good": {"images": 3, "ng": [0-9]*, "review": 0, "cannot_judge": [1-3]' out >dark
[ -s dark ] || fail 'half the light, and no image is refused'

# Good images only: no defective ones, no AUROC.
expect 0 stress $m data/set/test/good -n 1 -q
out_has '^unchanged +[0-9.]+ +[0-9.]+ +- +- +-'
expect 0 stress $m data/set/test/good -n 1
err_has 'taken as good ones'
expect 0 stress $m --good data/set/test/good --bad data/set/test -n 1 -q
out_has '^of 1 good and 1 defective images'

# A model that finds nothing has nothing to lose, which is said.
expect 0 calibrate $m --false-alarm 0.000001 -o blind -q
expect 0 stress blind --good data/set/test/good --bad data/set/test -n 2
if awk '$1 == "unchanged" { exit !($4 < 0.5) }' out; then
    err_has 'of 2 defective images are NG unchanged: that the model holds says little'
fi

# Faults.
expect 2 stress $m
expect 2 stress $m data/set --bad data/set/test
expect 3 stress $m nowhere
expect 4 stress $m data/set -o nowhere/page.html
mkdir broken
cp "$(good)" broken/a.png
echo no >broken/b.png
expect 3 stress $m broken
err_has 'broken/b.png'
[ "$(grep -c 'b.png' err)" = 1 ] || fail 'a broken file is reported more than once'
out_has '^of 1 good and 0 defective images'
