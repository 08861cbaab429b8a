package agent

import (
	"context"
	"time"

	"loyaltill/devices"
	"loyaltill/devices/escpos"
	"loyaltill/devices/printer"
)

// press is what a queue gives its jobs to: the lane's printer, or in training the screen.
type press interface {
	Run(context.Context) error
	Status() printer.Status
	Print(ctx context.Context, job *escpos.Job, progress func(printer.Progress) error) (printer.Result, error)
}

// codeOnScreen says that nothing is printed.
const codeOnScreen devices.Code = "printer_on_screen"

// screen takes the papers of a lane in training: whoever wants to see one asks for its picture.
type screen struct{ since time.Time }

func (s screen) Run(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s screen) Status() printer.Status {
	return printer.Status{Link: printer.LinkAbsent, Health: devices.Health{State: devices.OK, Code: codeOnScreen, Since: s.since}}
}

func (s screen) Print(_ context.Context, job *escpos.Job, progress func(printer.Progress) error) (printer.Result, error) {
	n := len(job.Segments)
	for _, stage := range []printer.Stage{printer.Starting, printer.Flushed, printer.Committed} {
		if err := progress(printer.Progress{Stage: stage, Segments: n}); err != nil {
			return printer.Result{}, err
		}
	}
	return printer.Result{Outcome: printer.Sent, Segments: n, Clean: true}, nil
}

// lent is a lane's own printer, lent to its training: Run is the owner's business, and no drawer is opened.
type lent struct {
	press
	screen screen
}

func (l lent) Run(ctx context.Context) error { return l.screen.Run(ctx) }

// JobPicture is a paper of a training as the printer would leave it.
type JobPicture struct {
	PNG  []byte `json:"png" doc:"the paper dot for dot, base64"`
	Text string `json:"text" doc:"the same on the grid of letters, right-to-left lines in reading order"`
}

// JobPicture draws what a job of a training puts on paper. Real papers are not shown: who saw a coupon could use it.
func (a *Agent) JobPicture(ctx context.Context, id int64) (JobPicture, error) {
	if a.practice == nil {
		return JobPicture{}, refuse(CodeTrainingNone, nil)
	}
	job, err := a.storedJob(ctx, id)
	if err != nil {
		return JobPicture{}, err
	}
	doc, profile, err := a.document(job, a.lanes[0].queue.profile)
	if err != nil {
		return JobPicture{}, err
	}
	drawn, err := a.encoder.Preview(doc, profile)
	if err != nil {
		return JobPicture{}, err
	}
	png, err := drawn.Paper.PNG()
	if err != nil {
		return JobPicture{}, err
	}
	text, err := a.encoder.PlainText(doc, profile)
	return JobPicture{PNG: png, Text: text}, err
}
