# The pages of eval and fit: complete, self-contained, well-formed.

m=data/model
page=page/index.html
count() { grep -oF -- "$1" "$page" | wc -l; }
has() { grep -qF -- "$1" "$page" || fail "$command: $page lacks: $1"; }
lacks() { ! grep -qF -- "$1" "$page" || fail "$command: $page has: $1"; }
holds() { # N TEXT
    [ "$(count "$2")" = "$1" ] || fail "$command: $page has $(count "$2") times $2, expected $1"
}

# Nothing is loaded from elsewhere, and the page is well-formed.
check_page() {
    [ "$(ls -A page)" = index.html ] || fail "$command: more in page than index.html"
    sed -e 's/xmlns=.http:\/\/www\.w3\.org\/2000\/svg.//g' -e 's/;base64,[^"]*//g' \
        "$page" >stripped
    ! grep -qiE 'https?:|//[a-z]|src=|@import|url\(' stripped || fail "$command: outside references"
    ! grep -oE 'href="[^"]{0,12}' "$page" | grep -vqE '^href="(data:image/p|#o[0-9]+$)' ||
        fail "$command: outside references"
    if command -v python3 >/dev/null; then
        python3 -c 'import base64, re, sys, xml.etree.ElementTree as tree
text = open(sys.argv[1], encoding="utf-8").read()
root = tree.fromstring(text.split("\n", 1)[1])
ids = [e.get("id") for e in root.iter() if e.get("id")]
assert len(ids) == len(set(ids)), "an id twice"
for e in root.iter("use"): assert e.get("href")[1:] in ids, e.get("href")
for e in root.iter("section"): assert e.get("aria-labelledby") in ids
for e in root.iter("image"):
    data = base64.b64decode(e.get("href").split(",", 1)[1], validate=True)
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND"
for e in root.iter("svg"):
    assert e.get("role") != "img" or e.get("aria-label"), "a picture without a text"
' "$page" 2>err || fail "$command: not well-formed"
    fi
}

# ---- eval

images=$(find data/set/test -name '*.png' | wc -l)
kinds=$(find data/set/test -mindepth 1 -maxdepth 1 -type d ! -name good | wc -l)
expect 0 eval $m data/set --report page
cp out with
expect 0 eval $m data/set
cmp -s out with || fail 'the numbers change with --report'
check_page
holds "$images" '<article '
holds $((5 * images)) '</svg><figcaption>'
holds $((kinds + 3)) '<tr><th scope="row">' # kinds, all of them, good, defective
for name in $(find data/set/test -name '*.png'); do has "<h3>$name</h3>"; done
has 'class="plot"'
has 'PRO curve'
has '</html>'

# Errors come first: there are none after the first right verdict.
grep -oE 'data-verdict="[A-Z]+" data-error="[a-z]*"' $page | sed 's/.*error=//' >errors
awk '$0 == "\"\"" { right = 1; next } right { exit 1 }' errors || fail 'errors are not first'

# Pictures of some images only, with a sentence about it.
expect 0 eval $m data/set --report page --report-images 2
check_page
holds "$images" '<article '
holds 2 '<div class="pictures">'
has "The first 2 of these $images images"
expect 0 eval $m data/set --report page --report-images 0
holds 0 '<div class="pictures">'

# Without masks there is no ground truth to show, and at most four pictures.
mkdir bad
for kind in data/set/test/*; do
    [ "$(basename "$kind")" = good ] || ln -s "../$kind" "bad/$(basename "$kind")"
done
expect 0 eval $m --good data/set/test/good --bad bad --report page
check_page
holds $((4 * images)) '</svg><figcaption>'
lacks 'PRO curve'

# Good images only.
mkdir -p only/test
cp -r data/set/test/good only/test/good
expect 0 eval $m only --report page
check_page
lacks 'ROC curve'

# Names with any characters are text; unreadable images are reported.
mkdir -p 'odd/test/good' 'odd/test/<i>&"'
for name in '<b>bold</b>' 'a&amp;b' "it's \"x\"" "$(printf 'latin-\351')" '%s%n' '--><script>'; do
    cp "$(good)" "odd/test/<i>&\"/$(echo "$name" | tr / _).png"
done
cp "$(good)" odd/test/good/x.png
echo text >'odd/test/good/<broken>.png'
expect 3 eval $m odd --report page
check_page
has '&lt;b&gt;bold&lt;_b&gt;.png'
has 'a&amp;amp;b.png'
has 'it&#39;s &quot;x&quot;.png'
has 'latin-�.png'
has '%s%n.png'
has '--&gt;&lt;script&gt;.png'
has 'data-kind="&lt;i&gt;&amp;&quot;"'
has '<li>odd/test/good/&lt;broken&gt;.png: '
lacks '<b>bold'
holds 1 '<script>'

# The same input gives the same page.
expect 0 eval $m data/set --report one -t 1
expect 0 eval $m data/set --report two -t 1
cmp one/index.html two/index.html || fail 'two runs, two pages'

# ---- fit

expect 0 fit data/set/train/good -o fitted --report page --report-images 3
check_page
holds 3 '<article '
holds 12 '</svg><figcaption>'
has "<h3>$("$blemish" fit data/set/train/good -o again --list-odd 1 | tail -1 | sed 's/^ *[^ ]* *//')</h3>"
cmp -s fitted again || fail 'the model changes with --report'
expect 0 fit data/set/train/good -o fitted --report page --report-images 1000 --review 0.2
check_page
holds "$(find data/set/train/good -name '*.png' | wc -l)" '<article '

# ---- a page that cannot be written is an error before the work

echo >file
expect 4 eval $m data/set --report file
out_is ''
expect 4 eval $m data/set --report file/below
mkdir -p taken/index.html
expect 4 eval $m data/set --report taken
out_is ''
err_has 'taken/index.html'
expect 4 fit data/set/train/good -o none.model --report file
out_is ''
absent none.model
expect 0 eval $m data/set --report new/folder --report-images 1
[ -s new/folder/index.html ] || fail 'no page in new folders'
expect 2 eval $m data/set --report-images -1
