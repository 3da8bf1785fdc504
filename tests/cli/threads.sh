# Verbs obey --threads: counts the threads of the process while it runs.

[ -d /proc/self/task ] || skip 'no /proc here'
# The largest number of threads of COMMAND, sampled while it runs.
most_threads() {
    "$blemish" "$@" >out 2>err </dev/null &
    running=$!
    most=0
    while [ -d /proc/$running/task ]; do
        now=$(ls /proc/$running/task 2>/dev/null | wc -l)
        [ "$now" -le "$most" ] || most=$now
    done
    wait $running || fail "blemish $*: failed"
}
# limited MOST ARGUMENTS...: one thread with -t 1, and with -t 3 more than one, up to MOST.
limited() {
    limit=$1
    shift
    most_threads "$@" -t 1
    [ "$most" = 1 ] || fail "blemish $* -t 1: $most threads"
    most_threads "$@" -t 3
    [ "$most" -gt 1 ] && [ "$most" -le "$limit" ] || fail "blemish $* -t 3: $most threads"
}
cp data/model model
limited 3 fit data/set/train/good -o fitted
limited 3 detect model data/set/test/dent
limited 3 eval model data/set --report page.html
limited 3 calibrate model
# Two threads of earlier work stay asleep beside the two of a scorer.
limited 5 sweep data/set --intervals --sigma 4,2 --epsilon 0.1
most_threads calibrate model data/set/test/good -t 1
[ "$most" = 1 ] || fail "calibrate with images: $most threads"
