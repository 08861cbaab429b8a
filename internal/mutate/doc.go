// Package mutate makes small wrong edits to code and runs a package's tests on each of them, to see that they notice. One
// program holds all edits, as building it takes longest; an environment variable says which one is in effect.
//
// It is for tests with the build tag mutate and never part of a program.
package mutate
