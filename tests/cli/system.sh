# Full disks, readers that go away, signals.

m=data/model
image=$(good)

# stdout cannot be written.
for arguments in "detect $m $image" "detect $m $image --json" "info $m" '--help' 'fit --help' \
    '--version' 'completion' "eval $m data/set"; do
    command="blemish $arguments >/dev/full"
    # shellcheck disable=SC2086 # a list of words
    "$blemish" $arguments >/dev/full 2>err
    [ $? = 4 ] || fail "$command: expected exit code 4"
    err_is 'blemish: standard output: cannot write: No space left on device'
done

# The model cannot be written.
expect 4 fit "$(good 1)" "$(good 2)" "$(good 3)" -o /dev/full
err_has '^blemish: /dev/full: cannot write: No space left on device$'

# A small disk that becomes full.
mkdir small
if mount -t tmpfs -o size=64k none small 2>/dev/null; then
    expect 4 fit "$(good 1)" "$(good 2)" "$(good 3)" -o small/model
    err_has '^blemish: small/model: cannot write: No space left on device$'
    [ -z "$(ls -A small)" ] || fail 'something was left on the full disk'
    head -c 60000 /dev/zero >small/ballast
    expect 4 detect $m "$image" --maps small/maps
    err_has 'No space left on device$'
    rm small/ballast
    find small -type f >out
    umount small
    out_is ''
fi

# A reader that takes one line only: no message.
command='blemish detect | head'
{ "$blemish" detect $m data/set/test "$image" -t 1 2>err; echo $? >code; } | head -n 1 >out
out_lines 1
err_is ''
case $(cat code) in 0 | 141) ;; *) fail 'exit code of a broken pipe' ;; esac

# A signal: ends soon, leaves nothing, with exit code 128 + signal.
interrupt() { # SIGNAL CODE ARGUMENTS...
    signal=$1 code=$2
    shift 2
    command="blemish $* (SIG$signal)"
    mkfifo gate
    "$blemish" "$@" >out 2>err &
    running=$!
    # blemish opens the pipe to read an image, and so is in the middle of its work.
    exec 3>gate
    kill "-$signal" $running
    exec 3>&-
    wait $running
    got=$?
    rm gate
    [ "$got" = "$code" ] || fail "$command: exit code $got, expected $code"
    err_is ''
}
interrupt TERM 143 fit "$(good 1)" "$(good 2)" "$(good 3)" gate -o new
absent new
interrupt TERM 143 detect $m gate "$image" -t 1
out_lines 0
