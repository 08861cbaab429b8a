# What a durable sale in the store, and a posted entry at head office, cost the processor as ledger, members and stores grow.
# Drawn by make cost from out/cost.dat: benchmark, axis, place on it, microseconds.
set terminal svg size 900,380 font "sans-serif,13" background rgb "white"
set output "docs/img/cost.svg"
set multiplot layout 1,2
set key bottom left
set grid
set logscale x
set yrange [0:*]
set ylabel "processor, microseconds"
set xlabel "entries in the ledger, members in the copy"
set title "a sale in the store"
plot "< grep '^BenchmarkSaleCost entries' out/cost.dat" using 3:4 with linespoints lw 2 pt 7 title "by entries", \
     "< grep '^BenchmarkSaleCost members' out/cost.dat" using 3:4 with linespoints lw 2 pt 5 title "by members"
set xlabel "entries posted before, members, stores"
set title "an entry posted at head office"
plot "< grep '^BenchmarkPostCost entries' out/cost.dat" using 3:4 with linespoints lw 2 pt 7 title "by entries", \
     "< grep '^BenchmarkPostCost members' out/cost.dat" using 3:4 with linespoints lw 2 pt 5 title "by members", \
     "< grep '^BenchmarkPostCost stores' out/cost.dat" using 3:4 with linespoints lw 2 pt 9 title "by stores"
unset multiplot
