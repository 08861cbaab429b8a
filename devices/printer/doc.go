// Package printer drives one receipt printer on one port: serial line, TCP or file.
//
// It owns the port, the credit window and the knowledge of what has reached the paper. One goroutine, [Printer.Run],
// does all the talking; everybody else hands it a job with [Printer.Print] or looks at [Printer.Status].
//
// It calls a job confirmed only when the printer has acknowledged the id behind the cut. It never sends a job a second
// time, never decides about copies and never lets half a job print later: after any break the printer is cleared and
// the torn part cut off before the next byte. Those who own the journal decide what happens to a job that was broken.
package printer
