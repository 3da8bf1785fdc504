# Help, manual pages and completion have the same options; the examples of the pages run.

pages=$root/doc/man
listed() { # the long options that --help lists
    grep -oE '^  (-[a-zA-Z], |    )--[a-z-]+' out | grep -oE '\-\-[a-z-]+' | sort -u
}
in_page() { # the long options that a page describes: ".It Fl o , Fl Fl output Ar MODEL"
    sed -n '/^\.It Fl/s/.*Fl Fl \([a-z-]*\).*/--\1/p' "$1" | sort -u
}
for verb in fit calibrate detect eval stress repeat verify sweep tune table info import bench; do
    page=$pages/blemish-$verb.1
    [ -f "$page" ] || fail "there is no $page"
    expect 0 $verb --help
    { listed; echo --help; } | sort -u >help.txt
    in_page "$page" >page.txt
    diff help.txt page.txt >diff.txt || { cat diff.txt; fail "$page and --help differ"; }
done

if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "$pages"/*.1 >out 2>&1 || fail 'mandoc complains'
fi

# Completion.
expect 0 completion
if command -v bash >/dev/null; then
    bash -c '. ./out; COMP_WORDS=(blemish fit --filt) COMP_CWORD=2; _blemish; echo "${COMPREPLY[*]}"
        COMP_WORDS=(blemish fit --filter "") COMP_CWORD=3; _blemish; echo "${COMPREPLY[*]}"
        COMP_WORDS=(blemish de) COMP_CWORD=1; _blemish; echo "${COMPREPLY[*]}"' >words 2>err
    [ "$(cat words)" = '--filter
auto bilinear bicubic
detect' ] || { cat words; fail 'completion'; }
fi

# Examples: the lines of the pages that begin with "$ ", in a folder where their names exist.
cp -r data/set parts
cp "$(good)" part.png
cp data/model parts.model
mkdir good
cp parts/train/good/*.png good/
sed -n 's/^\$ \(blemish .*\)/\1/p' "$pages"/*.1 | sed 's/\\(dq/"/g; s/\\-/-/g; s/\\e/\\/g' >examples
[ "$(wc -l <examples)" -ge 5 ] || fail 'the pages have no examples'
mkdir bin
ln -s "$blemish" bin/blemish
PATH=$PWD/bin:$PATH
while read -r line; do
    command=$line
    eval "$line" >out 2>err </dev/null
    got=$?
    case $line in *--exit-status*) [ $got -le 1 ] ;; *) [ $got = 0 ] ;; esac || fail 'an example'
done <examples
