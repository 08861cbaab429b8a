// Package printersim is the other side of the printer cable: an 80 mm receipt printer with a receive buffer, an ESC/POS
// interpreter, a thermal mechanism that takes its time, sensors, a cutter and paper that can be looked at afterwards.
// It is written from the vendor's command reference and shares no code with the host's encoder, so that a wrong byte on
// either side shows. It owns the ptys and ports of its printers. It must never import a package of this module, never
// guess what the host meant, and never answer a process id before the rows in front of it are on paper.
//
// # Time
//
// A [Bench] runs printers in real time. Everything below it is driven by the time that is passed in, so tests move the
// clock by hand and see the same rows at the same instants on every run. A printer's speed divides the durations of its
// mechanics (row, cut, drawer pulse, start-up), not those of faults.
//
// # Paper
//
// The cutter sits [Personality].HeadToCutter rows behind the head. A strip therefore starts with that many rows that the
// head had already passed, and GS V 0 cuts through what was printed last unless the host fed it out first. Removing and
// replacing the roll in the middle of a strip gives a sheet marked torn.
//
// # Dots of the built-in characters
//
// Font A is DejaVu Sans Mono in cells of 12x24 dots. The rule, for a renderer that wants the same dots: outline in font
// units times 20/2048 as float32, no hinting; origin at x=0 of the cell, baseline at y=19 (row 18 is the last row above
// it); filled by golang.org/x/image/vector with a rasterizer of exactly 12x24; a dot is black when its alpha is at
// least 128; what leaves the cell is clipped. Font B is the same with cells of 9x17, em 14 and baseline 13. Emphasis and double-strike
// print each dot again one to the right, inside the cell; underline fills the last one or two rows of the cell; larger
// characters repeat dots; reverse inverts the cell including its spacing.
package printersim
