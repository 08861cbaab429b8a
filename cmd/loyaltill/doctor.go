package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"loyaltill/agent"
	"loyaltill/devices/escpos"
	"loyaltill/devices/reader"
	"loyaltill/store"
	"loyaltill/sync/uplink"
)

// doctorTimeout bounds each check that waits for somebody else.
const doctorTimeout = 5 * time.Second

type doctorCommand struct{ configured }

// finding is one line of the doctor's report.
type finding struct {
	what, seen, remedy string // no remedy: in order
}

// Run checks what a store needs. It changes nothing and works whether the agent runs or not.
func (c *doctorCommand) Run(ctx context.Context, s streams) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if printFindings(s.out, examine(ctx, cfg, c.Config)) > 0 {
		return exitCode(1)
	}
	return nil
}

// examine looks at everything, by the configuration of a file.
func examine(ctx context.Context, cfg agent.Config, file string) []finding {
	findings := []finding{{what: "configuration", seen: file}}
	identity, found := checkIdentity(cfg)
	findings = append(findings, found...)
	findings = append(findings, checkReaders(cfg)...)
	findings = append(findings, checkPrinters(cfg)...)
	findings = append(findings, checkPapers(cfg, file)...)
	findings = append(findings, checkForeignCards(cfg)...)
	findings = append(findings, checkDisk(cfg), checkDatabase(ctx, cfg))
	return append(findings, checkHeadOffice(ctx, identity)...)
}

// printFindings writes a line each and counts what is ill.
func printFindings(w io.Writer, findings []finding) (ill int) {
	for _, f := range findings {
		mark := "ok  "
		if f.remedy != "" {
			mark = "FAIL"
			ill++
		}
		_, _ = fmt.Fprintf(w, "%s  %-14s %s\n", mark, f.what, f.seen)
		if f.remedy != "" {
			_, _ = fmt.Fprintf(w, "      %-14s %s\n", "", "-> "+f.remedy)
		}
	}
	return ill
}

func checkIdentity(cfg agent.Config) (*store.Identity, []finding) {
	id, err := store.LoadIdentity(cfg.Identity)
	var wrong *store.IdentityError
	switch {
	case errors.As(err, &wrong):
		return nil, []finding{{"identity", fmt.Sprintf("%s: %v", wrong.File, wrong.Err), wrong.Remedy}}
	case err != nil:
		return nil, []finding{{"identity", err.Error(), "run `headoffice enrol` for this store and copy the folder to " + cfg.Identity}}
	}
	f := finding{what: "identity", seen: fmt.Sprintf("store %d, %s, epoch %d", id.Store, id.Name, id.Epoch)}
	if err := apart(cfg.Data, cfg.Identity); err != nil {
		f.seen, f.remedy = "it lies inside the data folder", "move "+cfg.Identity+" out of "+cfg.Data
	}
	return id, []finding{f}
}

func checkForeignCards(cfg agent.Config) []finding {
	if cfg.Cards.Profiles == "" {
		return nil
	}
	cards, err := agent.LoadForeignCards(cfg.Cards)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return []finding{{"foreign cards", first, "run `loyaltill card check` on the files of " + cfg.Cards.Profiles + ", and mend cards in the configuration"}}
	}
	return []finding{{what: "foreign cards", seen: fmt.Sprintf("%d profiles in %s", len(cards.Profiles.Profiles()), cfg.Cards.Profiles)}}
}

func checkReaders(cfg agent.Config) (found []finding) {
	status, err := reader.Probe()
	wanted := 0
	for _, l := range cfg.Lanes {
		if l.Reader.Link != "" {
			found = append(found, finding{what: "reader", seen: fmt.Sprintf("lane %d: direct link on %s, for simulated cards", l.Number, l.Reader.Link)})
		}
		if l.Reader.PCSC() {
			wanted++
		}
	}
	if wanted == 0 {
		return found
	}
	if err != nil {
		return append(found, finding{"card service", err.Error(), cardServiceRemedy(err)})
	}
	seen := finding{what: "card service", seen: fmt.Sprintf("running, %d readers", len(status.Readers))}
	found = append(found, seen)
	for _, r := range status.Readers {
		if r.Virtual() {
			found = append(found, finding{"reader", r.Name + " takes cards from the network", "remove the package vsmartcard-vpcd from this machine"})
		}
	}
	for _, l := range cfg.Lanes {
		if l.Reader.PCSC() {
			found = append(found, checkReader(l, status.Readers))
		}
	}
	return found
}

func checkReader(l agent.LaneConfig, readers []reader.Seen) finding {
	fit, err := l.Reader.Candidates(readers)
	if err != nil {
		return finding{"reader", err.Error(), "mend the reader of the lane"}
	}
	what := fmt.Sprintf("lane %d: ", l.Number)
	switch len(fit) {
	case 1:
		return finding{what: "reader", seen: what + fit[0]}
	case 0:
		return finding{"reader", what + "no reader has " + l.Reader.String(), "plug it in, or choose one of: " + names(readers)}
	}
	return finding{"reader", what + "several readers fit: " + strings.Join(fit, ", "), "name one of them by serial or usb: " + names(readers)}
}

func names(readers []reader.Seen) string {
	var all []string
	for _, r := range readers {
		name := r.Name
		if r.Serial != "" {
			name += ", serial " + r.Serial
		}
		if r.USB != "" {
			name += ", usb " + r.USB
		}
		all = append(all, name)
	}
	return strings.Join(all, "; ")
}

func cardServiceRemedy(err error) string {
	switch {
	case errors.Is(err, reader.ErrNotBuilt):
		return "this build has no PC/SC: install the packaged build, or build with `make` where libpcsclite-dev is installed"
	case errors.Is(err, reader.ErrDenied):
		return "allow the service user in polkit: org.debian.pcsc-lite.access_pcsc and access_card"
	case runtime.GOOS == "windows":
		return "start the service called Smart Card"
	}
	return "start it: systemctl start pcscd.socket"
}

func checkPrinters(cfg agent.Config) (found []finding) {
	for _, l := range cfg.Lanes {
		if l.Printer.Device == "" {
			continue
		}
		what := fmt.Sprintf("lane %d: %s", l.Number, l.Printer.Device)
		f := finding{what: "printer", seen: what}
		if _, err := escpos.FindProfile(l.Printer.Profile, cfg.Printers.Profiles); err != nil {
			f.seen, f.remedy = fmt.Sprintf("lane %d: %v", l.Number, err), "correct printer.profile of the lane"
		} else if !strings.Contains(l.Printer.Device, ":") {
			if file, err := os.OpenFile(l.Printer.Device, os.O_WRONLY|openOnly, 0); errors.Is(err, os.ErrPermission) {
				f.remedy = "add the agent's user to the group dialout, for a USB printer to lp"
			} else if err != nil {
				f.seen, f.remedy = what+" is not there", "plug the printer in; its stable name is in /dev/serial/by-id"
			} else if err := file.Close(); err != nil {
				f.seen = what + ": " + err.Error()
			}
		}
		found = append(found, f)
	}
	return found
}

const leastFreeMB = 200

func checkDisk(cfg agent.Config) finding {
	free, err := store.FreeMB(cfg.Data)
	switch {
	case err != nil:
		return finding{"disk", err.Error(), "make the folder " + cfg.Data + " and give it to the agent's user"}
	case free < leastFreeMB:
		return finding{"disk", fmt.Sprintf("%d MB free in %s", free, cfg.Data), fmt.Sprintf("free some space; sales stop when it is full, %d MB is the least to feel safe", leastFreeMB)}
	}
	return finding{what: "disk", seen: fmt.Sprintf("%d MB free in %s", free, cfg.Data)}
}

func checkDatabase(ctx context.Context, cfg agent.Config) finding {
	version, err := store.SQLiteVersion(ctx)
	if err != nil {
		return finding{"database", err.Error(), "install a released build"}
	}
	ledger := filepath.Join(cfg.Data, "ledger.db")
	info, err := os.Stat(ledger)
	if errors.Is(err, os.ErrNotExist) {
		return finding{what: "database", seen: "SQLite " + version + ", no ledger yet: it is made at the first start"}
	}
	if err != nil {
		return finding{"database", err.Error(), "give " + cfg.Data + " to the agent's user"}
	}
	return finding{what: "database", seen: fmt.Sprintf("SQLite %s, ledger of %d kB; `loyaltill verify` proves it", version, info.Size()>>10)}
}

// checkHeadOffice opens a TLS connection and compares the clocks by the answer's date.
func checkHeadOffice(ctx context.Context, id *store.Identity) []finding {
	if id == nil {
		return nil
	}
	config, err := uplink.TLSConfig(id, time.Now)
	if err != nil {
		return []finding{{"head office", err.Error(), "run `headoffice enrol` for this store again"}}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, id.HeadOffice+"/healthz", nil)
	if err != nil {
		return []finding{{"head office", err.Error(), "correct head_office in the identity folder"}}
	}
	resp, err := client.Do(req)
	if err != nil {
		return []finding{{"head office", shortened(err), headOfficeRemedy(err)}}
	}
	resp.Body.Close()
	found := []finding{{what: "head office", seen: id.HeadOffice + " answers"}}
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return found
	}
	return append(found, clock(time.Since(theirs)))
}

// maxSkew is how far the clock may be off before times on receipts mislead.
const maxSkew = 2 * time.Minute

func clock(off time.Duration) finding {
	off = off.Round(time.Second)
	if off.Abs() > maxSkew {
		return finding{"clock", fmt.Sprintf("%v off head office's", off), "set the clock and switch on time synchronisation (timedatectl set-ntp true)"}
	}
	return finding{what: "clock", seen: fmt.Sprintf("%s, %v off head office's", time.Now().Format("2006-01-02 15:04:05 -07:00"), off)}
}

func shortened(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.URL + ": " + u.Err.Error()
	}
	return err.Error()
}

func headOfficeRemedy(err error) string {
	var cert *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.As(err, &cert):
		return "the certificate does not fit: check this machine's clock, then enrol the store again"
	case errors.As(err, &op) && op.Op == "dial":
		return "check the network; selling goes on without, uploads follow later"
	}
	return "look at head office; selling goes on without, uploads follow later"
}
