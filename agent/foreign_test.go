package agent_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store/agentdb"
)

// Cards of other makers, and the numbers that the ready profiles find in them.
const (
	oldChainCard = `{ "format": "ISO 7816 card 1", "t0": true, "applications": [ { "aid": "D276000124010200", "files": [
		{ "fid": "EF04", "records": ["70115F2008970000000000006F5F2403271231"] } ] } ] }`
	oldChainNumber = "OC-970000000000006"
	pinCard        = `{ "format": "ISO 7816 card 1", "t0": true, "pin": { "reference": "01", "block": "34373131FFFFFFFF", "tries": 3, "left": 3 },
		"applications": [ { "aid": "F04F4C44434841494E01", "files": [ { "fid": "EF01", "pin": true, "data": "38363039353734323731392020202020" } ] } ] }`
	pinNumber     = "FP-86095742719"
	classicCard   = `{ "format": "MIFARE Classic 1", "uid": "11223344", "keys": { "1": { "a": "A0A1A2A3A4A5" } }, "blocks": { "4": "970000000012" } }`
	classicNumber = "MC-970000000012"
	uidCard       = `{ "format": "contactless UID 1", "uid": "04A1B2C3D4E5F6" }`
	uidNumber     = "UID-04A1B2C3D4E5F6"
)

// foreignCards is the ready profiles with the key that one of them names.
func foreignCards(t testing.TB) *agent.ForeignCards {
	t.Helper()
	secrets := filepath.Join(t.TempDir(), "secrets.json")
	if err := os.WriteFile(secrets, []byte(`{"oldchain-keyA": "A0A1A2A3A4A5"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return must[*agent.ForeignCards](t)(agent.LoadForeignCards(agent.CardsConfig{Profiles: filepath.Join("..", "devices", "card", "profile", "profiles"), Secrets: secrets}))
}

// foreignShop is a shop that reads cards of other makers, with a member who has some.
func foreignShop(t *testing.T, numbers ...string) *shop {
	t.Helper()
	s := newShop(t)
	s.foreign = foreignCards(t)
	s.restart(s.lane)
	m := s.member(500)
	for _, n := range numbers {
		cn := must[loyalty.CardNumber](t)(loyalty.NewCardNumber(n))
		m.Numbers = append(m.Numbers, agentdb.Number{HMAC: s.identity.NumberHMAC(cn.Digits()), Masked: cn.Masked()})
	}
	s.headOffice(agentdb.Change{Member: m}, agentdb.Change{Programme: compiled(t, limited("limits: { redeem_without_purse: 400, floor: { member_day: 500, store_day: 5000, hours: 24 } }\n"))})
	return s
}

func (s *shop) put(description string) {
	s.t.Helper()
	s.slot.Insert(must[*cardsim.Card](s.t)(cardsim.NewForeign([]byte(description), bytes.NewReader(bytes.Repeat([]byte{7}, 64)))))
}

func (s *shop) state(phase agent.CardPhase, code string) agent.LaneState {
	s.t.Helper()
	return s.until("card "+string(phase), func(l agent.LaneState) bool { return l.Card.State == phase && l.Card.Code == code })
}

func TestCardsOfOtherMakersEarnByTheirProfiles(t *testing.T) {
	for what, c := range map[string]struct{ card, number, masked string }{
		"a record of ISO 7816": {oldChainCard, oldChainNumber, "OC-…0006"},
		"a block behind a key": {classicCard, classicNumber, "MC-…0012"},
		"a contactless number": {uidCard, uidNumber, "UID-…E5F6"},
	} {
		t.Run(what, func(t *testing.T) {
			s := foreignShop(t, c.number)
			s.put(c.card)
			lane := s.state(agent.CardReady, "")
			if m := lane.Member; m == nil || m.ID != testMember || m.Number != c.masked || m.Medium != loyalty.MediumNumber {
				t.Fatalf("at the till: %+v", m)
			}
			done := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1000))))
			if e := s.entries()[0]; done.Earned != 100 || e.Member != testMember || e.Sale.Medium != loyalty.MediumNumber {
				t.Errorf("answer %+v, entry %+v", done, e.Sale)
			}
		})
	}
}

func TestACardOfAnotherMakerWithAPINIsKeyed(t *testing.T) {
	s := foreignShop(t, pinNumber)
	s.put(pinCard)
	if lane := s.state(agent.CardPINFirst, agent.CodePINNeeded); lane.Member != nil {
		t.Fatalf("before the PIN: %+v", lane.Member)
	}
	if r := refused(t, s.pin("1234"), agent.CodePINWrong); r.TriesLeft != 2 {
		t.Errorf("%d tries left", r.TriesLeft)
	}
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	lane := s.state(agent.CardReady, "")
	if m := lane.Member; m == nil || m.Number != "FP-…2719" || m.Medium != loyalty.MediumKeyed {
		t.Fatalf("after the PIN: %+v", m)
	}
	must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1000))))
	if e := s.entries()[0]; e.Sale.Medium != loyalty.MediumKeyed {
		t.Errorf("entry %+v", e.Sale)
	}
	if strings.Contains(s.log.String(), "4711") || strings.Contains(s.log.String(), "86095742719") {
		t.Error("the log holds the PIN or the number")
	}
}

func TestCardsThatAreNobodysSayWhatToDo(t *testing.T) {
	s := foreignShop(t)
	s.put(uidCard)
	s.state(agent.CardRefused, agent.CodeMemberUnknown)
	s.put(`{ "format": "contactless UID 1", "random": true }`)
	s.state(agent.CardRefused, agent.CodeCardRandom)
	s.put(`{ "format": "ISO 7816 card 1", "applications": [ { "aid": "A0000000031010" }, { "aid": "325041592E5359532E4444463031" } ] }`)
	s.state(agent.CardRefused, agent.CodeCardUnknown)
	s.put(pinCard)
	s.state(agent.CardPINFirst, agent.CodePINNeeded)
	refused(t, s.pin("4711"), agent.CodeMemberUnknown)
	s.state(agent.CardRefused, agent.CodeMemberUnknown)
	s.slot.Remove()
	s.state(agent.CardNone, "")
	s.tap() // the chain's own card works beside them
}

func TestTextOfTheTillPutsItsMemberThere(t *testing.T) {
	s := foreignShop(t, "2900000000018", "PC-LV0000012370", "QR-9ABCDEF23", "MS-970000000012", "OC-970000000012")
	for what, c := range map[string]struct {
		request agent.IdentifyRequest
		masked  string
	}{
		"an EAN-13":                {agent.IdentifyRequest{Source: "barcode", Text: "]E02900000000018"}, "2900…0018"},
		"a Code 128":               {agent.IdentifyRequest{Source: "barcode", Symbology: "code128", Text: "LV0000012370"}, "PC-…2370"},
		"a QR code":                {agent.IdentifyRequest{Source: "barcode", Symbology: "qr", Text: "https://loyalty.example.org/c/9ABCDEF23"}, "QR-…EF23"},
		"track 2":                  {agent.IdentifyRequest{Source: "magstripe", Track: 2, Text: ";970000000012=2912?3"}, "MS-…0012"},
		"a typed number":           {agent.IdentifyRequest{Source: "keypad", Text: "9700 0000 0012"}, "OC-…0012"},
		"the chain's own, typed":   {agent.IdentifyRequest{Source: "keypad", Text: testNumber}, "6034…0018"},
		"the chain's own, scanned": {agent.IdentifyRequest{Text: "]C0" + testNumber}, "6034…0018"},
	} {
		lane, err := s.agent.Identify(t.Context(), 1, c.request)
		if err != nil || lane.Member == nil || lane.Member.Number != c.masked || lane.Member.Medium != loyalty.MediumNumber {
			t.Errorf("%s: %+v, %v", what, lane.Member, err)
		}
	}
	for what, c := range map[string]struct {
		request agent.IdentifyRequest
		code    string
	}{
		"a payment card": {agent.IdentifyRequest{Source: "magstripe", Text: ";4111111111111111=25121010000000000?"}, agent.CodePaymentCard},
		"its number":     {agent.IdentifyRequest{Source: "keypad", Text: "4111 1111 1111 1111"}, agent.CodePaymentCard},
		"goods":          {agent.IdentifyRequest{Source: "barcode", Text: "4006381333931"}, agent.CodeMemberUnknown},
		"a stranger":     {agent.IdentifyRequest{Source: "keypad", Text: "970000000103"}, agent.CodeMemberUnknown},
		"half a track":   {agent.IdentifyRequest{Source: "magstripe", Text: ";97"}, agent.CodeMemberUnknown},
	} {
		_, err := s.agent.Identify(t.Context(), 1, c.request)
		if r := refused(t, err, c.code); strings.Contains(r.Error(), "1111") {
			t.Errorf("%s: the error repeats it: %v", what, r)
		}
	}
	r := basket(1000)
	r.Number = "970000000012"
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r)); q.Earned != 100 {
		t.Errorf("the number in a quote: %+v", q)
	}
}

func TestWithoutHeadOfficeRedeemingEndsAtTheDaysCap(t *testing.T) {
	s := foreignShop(t, pinNumber, oldChainNumber)
	s.put(oldChainCard) // offline_cap 0: earns only
	s.state(agent.CardReady, "")
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 100))); q.Redeem.Points != 0 || q.Earned == 0 {
		t.Errorf("a card without a cap redeems: %+v", q.Redeem)
	}
	s.put(pinCard) // offline_cap 500, and 400 a sale by the programme
	s.state(agent.CardPINFirst, agent.CodePINNeeded)
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	s.headOffice(agentdb.Change{Member: s.withNumbers(5000, pinNumber)})
	late := s.quoted(redeeming(1000, 400)) // shown before the cap was used up
	if done := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(redeeming(1000, 400)))); done.Redeemed != 400 {
		t.Fatalf("first sale: %+v", done)
	}
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 400))); q.Redeem.Points != 100 {
		t.Errorf("what the cap leaves: %+v", q.Redeem)
	}
	_, err := s.commit(newKey(), late)
	refused(t, err, agent.CodeQuoteChanged)
	if done := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(redeeming(1000, 400)))); done.Redeemed != 100 {
		t.Errorf("second sale: %+v", done)
	}
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 400))); q.Redeem.Points != 0 {
		t.Errorf("after the cap: %+v", q.Redeem)
	}
	typed := redeeming(1000, 400)
	typed.Number = testNumber // the same member by another number: the day is the same
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, typed)); q.Redeem.Points != 0 {
		t.Errorf("another number of the member: %+v", q.Redeem)
	}
}

func (s *shop) withNumbers(points loyalty.Points, numbers ...string) *agentdb.Member {
	m := s.member(points)
	for _, n := range numbers {
		m.Numbers = append(m.Numbers, agentdb.Number{HMAC: s.identity.NumberHMAC(n), Masked: "…"})
	}
	return m
}

func TestWithHeadOfficeInReachRedeemingIsTheProgrammes(t *testing.T) {
	s := foreignShop(t, oldChainNumber)
	s.syncState = agent.SyncState{State: "in_sync", Feed: "in_sync"}
	s.restart(s.lane)
	s.put(oldChainCard)
	s.state(agent.CardReady, "")
	if done := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(redeeming(1000, 400)))); done.Redeemed != 400 {
		t.Errorf("answer %+v", done)
	}
	s.headOffice(agentdb.Change{Member: s.withNumbers(5000, uidNumber)})
	s.takeOut()
	s.put(uidCard) // its profile never redeems
	s.state(agent.CardReady, "")
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, redeeming(1000, 400))); q.Redeem.Points != 0 {
		t.Errorf("a profile that never redeems: %+v", q.Redeem)
	}
}

func TestAFaultyProfileKeepsTheAgentFromStartingAndSaysWhere(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const needsKey = `{ "profile": "c", "version": 1, "priority": 1, "read": [ { "op": "storage_block", "card": "classic-1k", "block": 4, "key_ref": "secret:k", "key_type": "A" } ],
		"member": { "decode": "hex", "prefix": "C-" } }`
	for _, c := range []struct {
		what string
		cfg  agent.CardsConfig
		want string
	}{
		{"no folder", agent.CardsConfig{Profiles: filepath.Join(dir, "none")}, "is no folder; make it or leave the line out"},
		{"a key that is not there", agent.CardsConfig{Profiles: dir, Secrets: write("empty", `{}`, 0o600)}, "cards.secrets: [k] is named by a profile and is not there; add it to the file"},
		{"secrets for all", agent.CardsConfig{Profiles: dir, Secrets: write("open", `{"k": "A0A1A2A3A4A5"}`, 0o644)}, "chmod 600"},
		{"secrets that are none", agent.CardsConfig{Profiles: dir, Secrets: write("bad", `{"k": "A0"}`, 0o600)}, "write 12 hexadecimal digits"},
	} {
		write("c.json", needsKey, 0o600)
		if _, err := agent.LoadForeignCards(c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.what, err, c.want)
		}
	}
	write("d.json", "{\n \"profile\": \"d\", \"version\": 0 }", 0o600)
	_, err := agent.LoadForeignCards(agent.CardsConfig{Profiles: dir})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s:2:18: version: 0 is out of range", filepath.Join(dir, "d.json"))) || strings.Count(err.Error(), "\n") < 2 {
		t.Errorf("got %v", err)
	}
}

func TestTillsAtOnceCannotRedeemBeyondTheDaysCap(t *testing.T) {
	s := foreignShop(t)
	s.headOffice(agentdb.Change{Member: s.member(5000)})
	r := redeeming(1000, 400) // the chain's own number: 400 a sale, 500 a day
	r.Number = testNumber
	shown := s.quoted(r)
	const tills = 6
	answers := make(chan error, tills)
	for range tills {
		go func() {
			_, err := s.commit(newKey(), shown)
			answers <- err
		}()
	}
	sold := 0
	for range tills {
		if err := <-answers; err == nil {
			sold++
		} else {
			refused(t, err, agent.CodeQuoteChanged)
		}
	}
	var redeemed loyalty.Points
	for _, e := range s.entries() {
		redeemed += e.Sale.Redeemed
	}
	if sold != 1 || redeemed != 400 {
		t.Errorf("%d sales redeemed %d points", sold, redeemed)
	}
}
