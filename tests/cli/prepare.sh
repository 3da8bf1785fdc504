# Makes the data of the other tests: a small data set and two models of the same images.

command=blemish-synth
"$synth" data --seed 5 --size 96x96 --train 12 --test 12 --categories flange >out 2>err ||
    fail 'no data set'
mv data/flange data/set
expect 0 fit data/set/train/good -o data/model -t 2
expect 0 fit data/set/train/good -o data/model2 -t 1
