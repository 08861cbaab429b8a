# What a quote costs: by lines of the bill, and by rules that cannot match. Drawn by make graph from out/quote-cost.dat:
# axis, place on it, microseconds, allocations.
set terminal svg size 900,380 font "sans-serif,13" background rgb "white"
set output "docs/img/quote-cost.svg"
set multiplot layout 1,2
set key top left
set grid
set yrange [0:*]
set y2range [0:*]
set y2tics
set ytics nomirror
set ylabel "microseconds"
set y2label "allocations"
set xlabel "lines of the bill (100 rules, 20 of them match)"
plot "< grep ^lines out/quote-cost.dat" using 2:3 with linespoints lw 2 pt 7 title "time", \
     "" using 2:4 axes x1y2 with linespoints lw 1 dt 2 pt 6 title "allocations"
set logscale x
set xlabel "rules that cannot match (20 lines, 20 rules match)"
plot "< grep ^idle out/quote-cost.dat" using 2:3 with linespoints lw 2 pt 7 title "time", \
     "" using 2:4 axes x1y2 with linespoints lw 1 dt 2 pt 6 title "allocations"
unset multiplot
