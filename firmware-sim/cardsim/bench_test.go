package cardsim

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
)

// workbench is a running bench with one reader, two cards and its control interface.
type workbench struct {
	t      *testing.T
	dir    string
	office *headOffice
	reader *virtualReader
	url    string
}

func newWorkbench(t *testing.T) *workbench {
	t.Helper()
	w := &workbench{t: t, dir: t.TempDir(), office: newHeadOffice(t, 1), reader: newVirtualReader(t)}
	for _, name := range []string{"anna", "ben"} {
		w.issue(name)
	}
	bench, err := OpenBench(w.dir, []ReaderConfig{{Name: "lane-1", Addr: w.reader.addr()}, {Name: "lane-2", Addr: "127.0.0.1:1"}}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := bench.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(bench.Handler())
	w.url = server.URL
	t.Cleanup(func() {
		server.Close()
		cancel()
		wg.Wait()
	})
	return w
}

func (w *workbench) issue(name string) {
	w.t.Helper()
	request, err := CreateCard(w.dir, name, TestTransportKeys(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := PersonaliseCard(w.dir, name, w.office.perso(w.t, request, nil)); err != nil {
		w.t.Fatal(err)
	}
}

// call expects a status and gives the body.
func (w *workbench) call(want int, method, path, body string) string {
	w.t.Helper()
	r, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode != want {
		w.t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, answer.StatusCode, text, want)
	}
	return strings.TrimSpace(string(text))
}

func (w *workbench) status(name string) (s Status) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(w.call(200, "GET", "/cards/"+name, "")), &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestABenchMovesItsCardsAndTellsTheirState(t *testing.T) {
	w := newWorkbench(t)
	w.call(204, "PUT", "/readers/lane-1/card", `{"card":"anna"}`)
	w.reader.accept()
	h := newTap(t, w.reader.transmit)
	h.load(w.office, 1, 500)
	h.verify("9999")
	if s := w.status("anna"); s.Balance != 500 || s.Ctr != 1 || s.LoadSeq != 1 || s.PINTriesLeft != 2 || len(s.Journal) != 1 || s.Journal[0].Type != "load" {
		t.Errorf("anna: %+v", s)
	}
	if got, want := w.call(200, "GET", "/cards", ""), `[{"name":"anna","reader":"lane-1"},{"name":"ben"}]`; got != want {
		t.Errorf("cards %s, want %s", got, want)
	}
	w.call(409, "PUT", "/readers/lane-2/card", `{"card":"anna"}`)
	w.call(204, "PUT", "/readers/lane-1/card", `{"card":"ben"}`)
	w.reader.expectRemoved()
	w.reader.accept()
	newTap(t, w.reader.transmit)
	w.call(204, "DELETE", "/readers/lane-1/card", "")
	w.reader.expectRemoved()
	w.call(204, "DELETE", "/readers/lane-1/card", "")
	if s := w.status("anna"); s.Balance != 500 {
		t.Errorf("anna out of the reader: %+v", s)
	}
}

func TestAFaultTakesTheCardOutOfItsReader(t *testing.T) {
	w := newWorkbench(t)
	w.call(204, "PUT", "/readers/lane-1/card", `{"card":"anna"}`)
	w.call(204, "PUT", "/readers/lane-1/fault", `{"kind":"power-loss","ins":"52","write":10}`)
	if got := w.call(200, "GET", "/readers", ""); !strings.Contains(got, `"card":"anna"`) || !strings.Contains(got, `"kind":"power-loss"`) {
		t.Errorf("readers %s", got)
	}
	w.reader.accept()
	h := newTap(t, w.reader.transmit)
	capdu := h.wrap(0x84, insLoad, 0, 0, w.office.voucher(h.cardID, 1, 1, 500, "ref"))
	w.reader.write(append([]byte{0, byte(len(capdu))}, capdu...))
	w.reader.expectRemoved()
	if got := w.call(200, "GET", "/readers", ""); strings.Contains(got, "anna") || strings.Contains(got, "fault") {
		t.Errorf("readers %s", got)
	}
	if s := w.status("anna"); s.Ctr != 0 {
		t.Errorf("the torn load is seen: %+v", s)
	}
	w.call(204, "PUT", "/readers/lane-2/card", `{"card":"anna"}`)
	w.call(204, "PUT", "/readers/lane-1/fault", `{"kind":"mute"}`)
	w.call(204, "DELETE", "/readers/lane-1/fault", "")
}

func TestTheControlInterfaceRefusesWhatItDoesNotKnow(t *testing.T) {
	w := newWorkbench(t)
	for _, c := range []struct {
		want                     int
		method, path, body, code string
	}{
		{404, "GET", "/cards/carla", "", "unknown_card"},
		{400, "GET", "/cards/..%2Fanna", "", "bad_name"},
		{404, "PUT", "/readers/lane-9/card", `{"card":"anna"}`, "unknown_reader"},
		{404, "DELETE", "/readers/lane-9/card", "", "unknown_reader"},
		{404, "PUT", "/readers/lane-9/fault", `{"kind":"mute"}`, "unknown_reader"},
		{404, "DELETE", "/readers/lane-9/fault", "", "unknown_reader"},
		{404, "PUT", "/readers/lane-1/card", `{"card":"carla"}`, "unknown_card"},
		{400, "PUT", "/readers/lane-1/card", `{"card":"../anna"}`, "bad_name"},
		{400, "PUT", "/readers/lane-1/card", `{"cart":"anna"}`, "bad_body"},
		{400, "PUT", "/readers/lane-1/card", `{"card":"anna"} {}`, "bad_body"},
		{400, "PUT", "/readers/lane-1/card", `{"card":"` + strings.Repeat("a", maxControlBody) + `"}`, "bad_body"},
		{400, "PUT", "/readers/lane-1/fault", `{"kind":"fire"}`, "bad_fault"},
		{400, "PUT", "/readers/lane-1/fault", `{"kind":"mute","ins":"zz"}`, "bad_body"},
	} {
		if got := w.call(c.want, c.method, c.path, c.body); !strings.Contains(got, `"code":"`+c.code+`"`) {
			t.Errorf("%s %s: %s, want %s", c.method, c.path, got, c.code)
		}
	}
	w.call(405, "POST", "/cards", "")

	w.call(204, "PUT", "/readers/lane-1/card", `{"card":"anna"}`)
	w.call(404, "PUT", "/readers/lane-1/card", `{"card":"carla"}`)
	if got := w.call(200, "GET", "/readers", ""); !strings.Contains(got, `"card":"anna"`) {
		t.Errorf("a refused swap took the card out: %s", got)
	}
	w.call(204, "PUT", "/readers/lane-1/card", `{"card":"anna"}`) // taken out and put back
}

func TestACardIsSwappedAtACommandAndTheHostMeetsAnotherOne(t *testing.T) {
	w := newWorkbench(t)
	w.call(204, "PUT", "/readers/lane-1/card", `{"card":"anna"}`)
	w.call(409, "PUT", "/readers/lane-1/fault", `{"kind":"swap","card":"anna"}`)
	w.call(404, "PUT", "/readers/lane-1/fault", `{"kind":"swap","card":"carla"}`)
	w.call(204, "PUT", "/readers/lane-1/fault", `{"kind":"swap","ins":"52","card":"ben"}`)
	w.call(409, "PUT", "/readers/lane-2/card", `{"card":"ben"}`) // a card cannot be in two places
	w.reader.accept()
	h := newTap(t, w.reader.transmit)
	capdu := h.wrap(0x84, insLoad, 0, 0, w.office.voucher(h.cardID, 1, 1, 500, "ref"))
	w.reader.write(append([]byte{0, byte(len(capdu))}, capdu...))
	w.reader.expectRemoved()
	w.reader.accept()
	if other := newTap(t, w.reader.transmit); string(other.cardID) == string(h.cardID) {
		t.Error("the old card answers")
	}
	if got := w.call(200, "GET", "/readers", ""); !strings.Contains(got, `"card":"ben"`) || strings.Contains(got, "swap") {
		t.Errorf("readers %s", got)
	}
	if s := w.status("anna"); s.Ctr != 0 {
		t.Errorf("the lost load is seen: %+v", s)
	}
}

func TestCardsAreSpoiledAndCopiedWhereverTheyAre(t *testing.T) {
	w := newWorkbench(t)
	w.call(204, "PUT", "/readers/lane-1/card", `{"card":"anna"}`)
	w.call(204, "PUT", "/cards/anna/state", `{"state":"pin-blocked"}`)
	w.reader.accept()
	if got := newTap(t, w.reader.transmit).verify("4711"); got != swBlocked {
		t.Errorf("in the reader: %04X", got)
	}
	id := w.status("anna").CardID
	v := w.office.voucher(unhex(id), 1, 1, 500, "ref")
	if got := w.call(200, "POST", "/cards/anna/vouchers", `{"voucher":"`+hex.EncodeToString(v)+`"}`); !strings.Contains(got, `"sw":"9000"`) {
		t.Errorf("voucher: %s", got)
	}
	w.call(204, "POST", "/cards/anna/copies", `{"name":"twin","kind":"fork"}`)
	w.call(204, "POST", "/cards/anna/copies", `{"name":"fake","kind":"clone"}`)
	w.call(204, "PUT", "/cards/ben/state", `{"state":"terminated"}`)
	if twin := w.status("twin"); twin.CardID != id || twin.Balance != 500 || twin.PINTriesLeft != 0 {
		t.Errorf("the twin: %+v", twin)
	}
	if fake := w.status("fake"); fake.CardID != id {
		t.Errorf("the clone: %+v", fake)
	}
	if !w.status("ben").Terminated {
		t.Error("ben lives")
	}
	for _, c := range []struct{ path, body, code string }{
		{"/cards/anna/copies", `{"name":"twin","kind":"fork"}`, "card_exists"}, {"/cards/anna/copies", `{"name":"x","kind":"twin"}`, "bad_copy"},
		{"/cards/anna/copies", `{"name":"../x","kind":"fork"}`, "bad_name"}, {"/cards/anna/vouchers", `{"voucher":"x"}`, "bad_body"},
	} {
		r := strings.NewReader(c.body)
		answer, err := http.Post(w.url+c.path, "application/json", r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if !strings.Contains(string(text), c.code) {
			t.Errorf("%s %s: %s, want %s", c.path, c.body, text, c.code)
		}
	}
	if got := w.call(400, "PUT", "/cards/anna/state", `{"state":"haunted"}`); !strings.Contains(got, "bad_state") {
		t.Error(got)
	}
	if got := w.call(400, "PUT", "/readers/lane-1/speed", `{"card":"jcop5"}`); !strings.Contains(got, "bad_speed") {
		t.Error(got)
	}
	w.call(204, "PUT", "/readers/lane-1/speed", `{"card":"jcop4","virtual":true}`)
	newTap(t, w.reader.transmit)
	if got := w.call(200, "GET", "/readers", ""); !strings.Contains(got, `"card_us":69000`) { // SELECT, READ BINARY, KEY AGREE
		t.Errorf("readers %s", got)
	}
}

func TestTheControlInterfaceTellsNoSecret(t *testing.T) {
	w := newWorkbench(t)
	text, err := readCardFile(filepath.Join(w.dir, "anna"+cardSuffix))
	if err != nil {
		t.Fatal(err)
	}
	image, err := readImage(text)
	if err != nil {
		t.Fatal(err)
	}
	told := w.call(200, "GET", "/cards/anna", "") + w.call(200, "GET", "/cards", "") + w.call(200, "GET", "/readers", "")
	for name, at := range map[string]int{"dC": keyAt, "K_tx": ktxAt, "K_ld": kldAt, "PIN": pinAt} {
		secret := image.bytes(at, 8)
		if strings.Contains(strings.ToLower(told), hex.EncodeToString(secret)) || strings.Contains(told, "4711") {
			t.Errorf("%s is told", name)
		}
	}
}

func TestACardSurvivesInItsFile(t *testing.T) {
	dir, office := t.TempDir(), newHeadOffice(t, 1)
	path := filepath.Join(dir, "anna"+cardSuffix)
	card := office.newCard(t, 2, nil)
	if err := card.Save(path); err != nil {
		t.Fatal(err)
	}
	h := newTap(t, card.Process)
	h.load(office, 1, 500)
	h.verify("9999")

	again, err := Open(path, seeded(4))
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Status(); got.Balance != 500 || got.PINTriesLeft != 2 {
		t.Errorf("after a restart: %+v", got)
	}
	// Every commit is in the file before its answer.
	if err := again.PowerOn(); err != nil {
		t.Fatal(err)
	}
	h = newTap(t, again.Process)
	h.verify("4711")
	h.debit(newSale(100, "sale"))
	third, err := Open(path, seeded(4))
	if err != nil || third.Status().Balance != 400 {
		t.Errorf("%v, %+v", err, third.Status())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("files left: %v, %v", left, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file that holds the keys: %v, %v", info.Mode(), err)
	}
}

func TestATornMemorySurvivesInTheFileAndRecovers(t *testing.T) {
	path, office := filepath.Join(t.TempDir(), "anna"+cardSuffix), newHeadOffice(t, 1)
	card := office.newCard(t, 2, nil)
	if err := card.Save(path); err != nil {
		t.Fatal(err)
	}
	h := newTap(t, card.Process)
	card.failAfter(75, 0) // behind the commit, before the end
	h.send(h.wrap(0x84, insLoad, 0, 0, office.voucher(h.cardID, 1, 1, 500, "ref")))

	again, err := Open(path, seeded(4))
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Status(); !got.InterruptedWrite || got.Balance != 500 {
		t.Errorf("the file shows %+v", got)
	}
	if err := again.PowerOn(); err != nil {
		t.Fatal(err)
	}
	if got := again.Status(); got.InterruptedWrite || got.Balance != 500 {
		t.Errorf("after power on %+v", got)
	}
}

func TestAFileThatIsNoCardIsNotOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x"+cardSuffix)
	good := newNVM().Image()
	tooLong := newNVM()
	tooLong.words[infoLenAt] = infoMax + 1
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "card", "other format": `{"format":"x","nvm":""}`, "no hex": `{"format":"` + imageFormat + `","nvm":"xx"}`,
		"short":         `{"format":"` + imageFormat + `","nvm":"00"}`,
		"without a key": `{"format":"` + imageFormat + `","nvm":"` + hex.EncodeToString(good) + `"}`,
		"long EF.INFO":  `{"format":"` + imageFormat + `","nvm":"` + hex.EncodeToString(tooLong.Image()) + `"}`,
		"more fields":   `{"format":"` + imageFormat + `","nvm":"","x":1}`,
		"huge":          strings.Repeat(" ", maxImageFileSize+1),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, seeded(1)); err == nil {
			t.Errorf("%s is opened", name)
		}
	}
}

func TestCardsAreMadeAndPersonalisedByName(t *testing.T) {
	dir, office := filepath.Join(t.TempDir(), "cards"), newHeadOffice(t, 1)
	request, err := CreateCard(dir, "anna", TestTransportKeys(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := RequestCard(dir, "anna"); err != nil || string(again) != string(request) {
		t.Errorf("request %s, then %s, %v", request, again, err)
	}
	if _, err := CreateCard(dir, "anna", TestTransportKeys(), nil); !errors.Is(err, ErrCardExists) {
		t.Errorf("a second anna: %v", err)
	}
	if _, err := CreateCard(dir, "../anna", TestTransportKeys(), nil); !errors.Is(err, ErrName) {
		t.Errorf("a name that leaves the folder: %v", err)
	}
	if err := PersonaliseCard(dir, "ben", nil); !errors.Is(err, ErrUnknownCard) {
		t.Errorf("nobody: %v", err)
	}
	if err := PersonaliseCard(dir, "anna", []byte("{}")); err == nil {
		t.Error("an empty file personalises")
	}
	perso := office.perso(t, request, nil)
	if err := PersonaliseCard(dir, "anna", perso); err != nil {
		t.Fatal(err)
	}
	if err := PersonaliseCard(dir, "anna", perso); !errors.Is(err, ErrPersonalised) {
		t.Errorf("twice: %v", err)
	}
}

func TestABenchIsSetUpOnce(t *testing.T) {
	for _, readers := range [][]ReaderConfig{{{Name: "a"}, {Name: "a"}}, {{Name: "a b"}}, make([]ReaderConfig, maxReaders+1)} {
		if _, err := OpenBench(t.TempDir(), readers, zerolog.Nop()); err == nil {
			t.Errorf("%d readers %v are taken", len(readers), readers[0])
		}
	}
}

func TestPinpadAndCableAreWorkedOverTheControlInterface(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reader.sock")
	bench, err := OpenBench(t.TempDir(), []ReaderConfig{{Name: "lane-1", Addr: ifdScheme + path, Serial: "0100"}, {Name: "lane-2", Addr: "127.0.0.1:1"}}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	slot := bench.slots["lane-1"]
	running(t, slot)
	slot.Insert(pinpadCard(t))
	server := httptest.NewServer(bench.Handler())
	t.Cleanup(server.Close)
	w := &workbench{t: t, url: server.URL}

	w.call(http.StatusConflict, "POST", "/readers/lane-2/keys", `{"keys":["ok"]}`)
	w.call(http.StatusConflict, "PUT", "/readers/lane-2/cable", `{"plugged":false}`)
	w.call(http.StatusNotFound, "GET", "/readers/lane-3/pinpad", "")
	w.call(http.StatusConflict, "POST", "/readers/lane-1/keys", `{"keys":["ok"]}`)

	d := dialDriver(t, path)
	d.want(ifdDone, ifdPower, 1)
	d.transmit(unhex(selectHex))
	d.askPIN(pinStructure(plainVerify))
	d.types(&slot.Pinpad, "4")
	w.call(http.StatusBadRequest, "POST", "/readers/lane-1/keys", `{"keys":["#"]}`)
	w.call(http.StatusNoContent, "POST", "/readers/lane-1/keys", `{"keys":["7","1"]}`)
	if got := w.call(http.StatusOK, "GET", "/readers/lane-1/pinpad", ""); strings.TrimSpace(got) != `{"asks":true,"stars":3}` {
		t.Errorf("the pinpad shows %s", got)
	}
	w.call(http.StatusNoContent, "POST", "/readers/lane-1/keys", `{"keys":["1","ok"]}`)
	if got := sw(d.result(ifdDone)); got != "9000" {
		t.Errorf("the card says %s", got)
	}
	w.call(http.StatusNoContent, "PUT", "/readers/lane-1/cable", `{"plugged":false}`)
	if _, _, err := d.receive(); err == nil {
		t.Error("the driver is still answered")
	}
}
