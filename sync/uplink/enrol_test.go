package uplink

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/wire"
)

// code has head office make a code for a store's next box.
func (o *office) code(id loyalty.StoreID) wire.EnrolCode {
	o.t.Helper()
	made, err := o.manager().MakeCode(o.t.Context(), headoffice.Enrolment{Store: id, Name: "Store", TimeZone: "Europe/Riga", Language: "lv"}, time.Hour)
	if err != nil {
		o.t.Fatal(err)
	}
	code, err := wire.ParseEnrolCode(strings.ToLower(made.Code)) // as somebody types it
	if err != nil {
		o.t.Fatal(err)
	}
	return code
}

func (o *office) tryCode(code wire.EnrolCode, dir string) (*store.Identity, error) {
	return Enrol(o.t.Context(), Enrolment{HeadOffice: "https://" + o.address, Code: code, Dir: dir, Now: time.Now})
}

func (o *office) enrolByCode(code wire.EnrolCode, dir string) *store.Identity {
	o.t.Helper()
	id, err := o.tryCode(code, dir)
	if err != nil {
		o.t.Fatal(err)
	}
	return id
}

func (o *office) report() headoffice.Report {
	o.t.Helper()
	r, err := o.Office.Report(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (o *office) caseOf(kind hodb.CaseKind) *hodb.Case {
	for _, c := range o.report().Cases {
		if c.Kind == kind {
			return &c
		}
	}
	return nil
}

func wantProblem(t *testing.T, err error, code wire.Code) {
	t.Helper()
	var p *wire.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func TestABoxThatEnrolledItselfByCodeUploads(t *testing.T) {
	o := newOffice(t)
	prog := o.publish()
	dir := filepath.Join(t.TempDir(), "identity")
	id := o.enrolByCode(o.code(7), dir)
	if id.Store != 7 || id.Epoch != 1 || id.HeadOffice != "https://"+o.address {
		t.Fatalf("identity %+v", id)
	}
	b := openBox(t, dir, t.TempDir(), prog)
	b.connect()
	b.sell(0, 500)
	b.untilInSync()
	sameLog(t, o, b)
}

func TestTheSameCodeFromTheSameBoxAnswersAsTheFirstTime(t *testing.T) {
	o := newOffice(t)
	code, dir := o.code(7), filepath.Join(t.TempDir(), "identity")
	first := o.enrolByCode(code, dir)
	cert, err := os.ReadFile(first.Path(store.CertFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(first.Path(store.IdentityFile)); err != nil { // the power went before the last file was written
		t.Fatal(err)
	}
	again := o.enrolByCode(code, dir)
	same, err := os.ReadFile(again.Path(store.CertFile))
	if err != nil {
		t.Fatal(err)
	}
	if again.InstallID != first.InstallID || again.Nonce != first.Nonce || again.Epoch != 1 || !bytes.Equal(cert, same) {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if _, err := o.tryCode(code, dir); !errors.Is(err, os.ErrExist) {
		t.Errorf("a folder that is whole: %v", err)
	}
	_, err = o.tryCode(code, filepath.Join(t.TempDir(), "another box"))
	wantProblem(t, err, wire.CodeCodeRefused)
	if r := o.report(); len(r.Stores[0].Epochs) != 1 {
		t.Errorf("lives: %+v", r.Stores[0].Epochs)
	}
}

func TestACodeIsOverAfterFiveWrongTries(t *testing.T) {
	o := newOffice(t)
	code := o.code(7)
	text := []byte(code.String())
	wrong := byte('2')
	if text[5] == wrong {
		wrong = '3'
	}
	text[5] = wrong
	guess, err := wire.ParseEnrolCode(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, err := o.tryCode(guess, t.TempDir())
		wantProblem(t, err, wire.CodeCodeRefused)
	}
	_, err = o.tryCode(code, t.TempDir())
	wantProblem(t, err, wire.CodeCodeRefused)
	if r := o.report(); len(r.Stores) != 0 {
		t.Errorf("stores: %+v", r.Stores)
	}
	o.enrolByCode(o.code(7), t.TempDir())
}

func TestACodeIsToldToNobodyButTheHeadOfficeThatMadeIt(t *testing.T) {
	o, other := newOffice(t), newOffice(t)
	if _, err := other.tryCode(o.code(7), t.TempDir()); !errors.Is(err, ErrStranger) {
		t.Errorf("got %v", err)
	}
}

func TestANewBoxForAKnownStoreBeginsANewLifeAndTheOldTailIsLookedAfter(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(7, o.publish())
	b.connect()
	b.sell(0, 500)
	b.untilInSync()
	code := o.code(7)
	if r := o.report(); r.Stores[0].Epochs[0].State != hodb.HeadOpen {
		t.Error("the code alone ended the old box's life")
	}
	id := o.enrolByCode(code, filepath.Join(t.TempDir(), "identity"))
	if id.Epoch != 2 {
		t.Errorf("epoch %d", id.Epoch)
	}
	r := o.report()
	if r.Stores[0].Epochs[0].State != hodb.HeadClosed {
		t.Errorf("the old life: %+v", r.Stores[0].Epochs[0])
	}
	c := o.caseOf(hodb.CaseTailLost)
	if c == nil || c.Epoch != 1 || c.Seq != 1 {
		t.Fatalf("cases %+v", r.Cases)
	}
	if err := o.manager().SettleCase(t.Context(), 7, c.No, "old disk looked through, nothing on it"); err != nil {
		t.Fatal(err)
	}
	if c := o.caseOf(hodb.CaseTailLost); c.State != "settled" {
		t.Errorf("case %+v", c)
	}
	b.sell(0, 500)
	b.untilState(StateUnknown)
}

func TestARevokedBoxIsRefusedAtOnceAndToldSo(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(7, o.publish())
	b.connect()
	b.sell(0, 500)
	b.untilInSync()
	if _, err := o.manager().Revoke(t.Context(), 7, "stolen"); err != nil {
		t.Fatal(err)
	}
	b.sell(0, 500)
	s := b.untilState(StateRefused)
	if s.Problem != wire.CodeRevoked || !strings.Contains(s.Detail, "stolen") || s.Lag != 1 {
		t.Errorf("status %+v", s)
	}
	if c := o.caseOf(hodb.CaseTailLost); c == nil {
		t.Error("nobody looks after the tail")
	}
}

func TestTheCertificateIsRenewedBeforeItEnds(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(7, o.publish())
	moment := time.Now()
	client, err := NewClient(b.identity, func() time.Time { return moment })
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if client.due() {
		t.Error("a new certificate is due")
	}
	moment = moment.Add(17 * 30 * 24 * time.Hour)
	if !client.due() {
		t.Error("a certificate in its last third is not due")
	}
	before := client.cert.Load().Leaf.SerialNumber
	ctx, cancel := context.WithCancel(t.Context())
	err = client.KeepCertificate(ctx, func(renewed error) {
		if renewed != nil {
			t.Error(renewed)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if client.cert.Load().Leaf.SerialNumber.Cmp(before) == 0 {
		t.Error("the old certificate is shown still")
	}
	again, err := NewClient(b.identity, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.cert.Load().Leaf.SerialNumber.Cmp(client.cert.Load().Leaf.SerialNumber) != 0 {
		t.Error("the folder has another certificate than the one that is shown")
	}
	if _, err := o.manager().Revoke(t.Context(), 7, "stolen"); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, again.renew(t.Context()), wire.CodeRevoked)
}

func TestWithoutACertificateNothingButEnrolmentIsAnswered(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(7, o.publish())
	client, err := NewClient(b.identity, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.http.Transport.(*http.Transport).TLSClientConfig.GetClientCertificate = nil
	_, err = client.OpenSession(t.Context(), 7, wire.SessionRequest{})
	wantProblem(t, err, wire.CodeUnauthorised)
}
