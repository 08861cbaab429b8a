package setup

import (
	"context"
	"errors"
	"time"

	"loyaltill/agent"
	"loyaltill/devices"
	"loyaltill/devices/escpos"
	"loyaltill/devices/escpos/commission"
	"loyaltill/devices/printer"
	"loyaltill/internal/i18n"
)

// Limits of one test slip: every speed of a serial line may be tried, and paper put in.
const (
	probeLimit = 20 * time.Second
	slipLimit  = 20 * time.Second
)

// Slip is what came of a test slip.
type Slip struct {
	Printer agent.PrinterConfig `json:"printer" doc:"with the profile and the speed that were found"`
	Model   string              `json:"model,omitempty" doc:"as the printer names itself"`
	Out     bool                `json:"out" doc:"the slip was sent, or the printer said that it is printed"`
	Code    devices.Code        `json:"code,omitempty" doc:"what was in the way"`
}

// TestSlip asks the printer of a lane who it is and prints a slip on it. Only then is anything sent to its port.
func (s *Setup) TestSlip(ctx context.Context, lang i18n.Lang, lane agent.LaneConfig) (Slip, error) {
	s.doing.Lock()
	defer s.doing.Unlock()
	return trial{printers: s.cfg.Printers, encoder: s.encoder, now: s.o.Now}.slip(ctx, lane, s.cfg.Lanes, func(lane agent.LaneConfig) *escpos.Document { return s.slip(lang, lane) })
}

// trial tries a printer that no running lane has.
type trial struct {
	printers agent.PrintersConfig
	encoder  *escpos.Encoder
	now      func() time.Time
}

// slip finds the profile of a lane's printer and prints a document on it.
func (t trial) slip(ctx context.Context, lane agent.LaneConfig, before []agent.LaneConfig, doc func(agent.LaneConfig) *escpos.Document) (Slip, error) {
	lanes, err := agent.Assign([]agent.LaneConfig{lane}, before, agent.LookAround(t.printers), t.printers.Profiles)
	if err != nil {
		return Slip{}, err
	}
	lane = lanes[0]
	if lane.Printer.Device == "" {
		return Slip{}, &agent.Refusal{Code: agent.CodePrinterMissing}
	}
	out := Slip{Printer: lane.Printer}
	profile, err := t.probe(ctx, &out)
	if err == nil {
		err = t.print(ctx, profile, &out, doc(lane))
	}
	var unready *UnreadyError
	if errors.As(err, &unready) {
		out.Code, err = unready.Code, nil
		if out.Code == "" {
			out.Code = printer.CodeSilent
		}
	}
	return out, err
}

// probe finds out who answers at the port and which profile is for it.
func (t trial) probe(ctx context.Context, out *Slip) (*escpos.Profile, error) {
	given, err := escpos.FindProfile(out.Printer.Profile, t.printers.Profiles)
	if err != nil {
		return nil, err
	}
	// What the ticket of commissioning tries, an unknown printer is asked for: the answers are waited for, its name among them.
	asked := commission.New(given, commission.Heard{Answers: true}).Profile
	press := Press{Device: out.Printer.Device, Baud: out.Printer.Baud, Wait: probeLimit, Now: t.now}
	err = press.With(ctx, asked, func(_ context.Context, _ *printer.Printer, st printer.Status) error {
		out.Model, out.Printer.Baud = st.Model, st.Baud
		if id := escpos.ProfileOf(st.Model); id != "" {
			out.Printer.Profile = id
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	profile, err := escpos.FindProfile(out.Printer.Profile, t.printers.Profiles)
	if err == nil && out.Printer.Baud == profile.IO.Baud {
		out.Printer.Baud = 0
	}
	return profile, err
}

func (s *Setup) slip(lang i18n.Lang, lane agent.LaneConfig) *escpos.Document {
	name, more := "Loyaltill", i18n.Text(lang, "receipt.test_unpaired", nil)
	if id := s.paired; id != nil {
		name, more = id.Name, i18n.Text(lang, "receipt.test_paired", i18n.Args{"office": id.HeadOffice, "store": int(id.Store), "code": s.code})
	}
	return agent.TestSlipDocument(lang, name, lane.Name, s.o.Now(), more)
}

// print tells in out what became of a document.
func (t trial) print(ctx context.Context, profile *escpos.Profile, out *Slip, doc *escpos.Document) error {
	job, err := t.encoder.Encode(doc, profile, 1)
	if err != nil {
		return err
	}
	press := Press{Device: out.Printer.Device, Baud: out.Printer.Baud, Wait: slipLimit, Now: t.now}
	return press.With(ctx, profile, func(ctx context.Context, pr *printer.Printer, _ printer.Status) error {
		result, err := pr.Print(ctx, job, func(printer.Progress) error { return nil })
		out.Out = result.Outcome == printer.Confirmed || result.Outcome == printer.Sent
		if !out.Out {
			out.Code = pr.Status().Health.Code
		}
		return err
	})
}
