package agent_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
	"loyaltill/internal/stage"
	"loyaltill/store/agentdb"
)

// builtInReceipt is what a shop begins its own template with.
func builtInReceipt(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("receipt", "templates", "sale.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

func (s *shop) paperFile(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.paper.Templates, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) paperIs(state string) agent.PaperState {
	s.t.Helper()
	var now agent.PaperState
	err := stage.Until(s.t.Context(), "templates "+state, wait, func(ctx context.Context) (bool, string, error) {
		status, err := s.agent.Status(ctx)
		now = status.Paper
		return now.State == state, now.State, err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return now
}

// A shop's own words and brand are on the next receipt; a fault in a file keeps what was good, says so, and goes when it is mended.
func TestAShopsTemplatesPrintUntilAFaultAndTheLastGoodOnesPrintOn(t *testing.T) {
	s := newShop(t)
	s.paper = agent.PaperConfig{Templates: t.TempDir(), Languages: []string{"lv"}}
	own := strings.Replace(builtInReceipt(t), "  - { text: { say: thanks }, align: center }\n", "  - { text: \"Uz redzēšanos!\", align: center }\n", 1)
	s.paperFile("receipt.yaml", own)
	s.paperFile("brand.yaml", "store: Zaļais grozs\naddress: Ogre\nfooter: [Darām labu]\n")
	s.restart(s.lane)
	version := s.paperIs(agent.PaperGood).Version
	sold := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1000))))
	s.job(sold.Job, "confirmed")
	for _, want := range []string{"Zaļais grozs", "Ogre", "Uz redzēšanos!", "Darām labu", "KOPĀ"} {
		if paper := s.sheet(1); !strings.Contains(paper, want) {
			t.Errorf("the receipt lacks %q:\n%s", want, paper)
		}
	}
	if list := s.agent.Templates(); !slices.Contains(list, agent.PaperTemplate{Paper: "sale", File: "receipt.yaml"}) {
		t.Errorf("templates in force: %v", list)
	}

	s.paperFile("receipt.yaml", strings.Replace(own, "{total}", "{totl}", 1))
	state := s.paperIs(agent.PaperRefused)
	if state.Version != version || version == "" {
		t.Errorf("version %q prints on, want %q", state.Version, version)
	}
	if len(state.Faults) == 0 || !strings.Contains(state.Faults[0], "receipt.yaml:") || !strings.Contains(state.Faults[0], "did you mean total?") {
		t.Errorf("faults %q", state.Faults)
	}
	again := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1000))))
	s.job(again.Job, "confirmed")
	if paper := s.sheet(2); !strings.Contains(paper, "Uz redzēšanos!") {
		t.Errorf("the last good template does not print on:\n%s", paper)
	}
	s.paperFile("receipt.yaml", strings.Replace(own, "Uz redz", "Drīz redz", 1))
	if mended := s.paperIs(agent.PaperGood).Version; mended == version {
		t.Errorf("the mended files are still version %s", mended)
	}
}

// A folder that was wrong from the beginning keeps nobody from selling.
func TestAShopWithFaultyTemplatesStartsAndPrintsTheBuiltInOnes(t *testing.T) {
	s := newShop(t)
	s.paper = agent.PaperConfig{Templates: t.TempDir()}
	s.paperFile("sale.yaml", "paper: sale\nblocks: [{ text: hello }]\n")
	s.restart(s.lane)
	if state := s.paperIs(agent.PaperRefused); state.Version != "" {
		t.Errorf("version %s is said to print", state.Version)
	}
	sold := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1000))))
	s.job(sold.Job, "confirmed")
	s.whole("KOPĀ")
}

func TestASlipTellsTheBalanceOnceForAKey(t *testing.T) {
	s := newShop(t)
	_, err := s.agent.Slip(t.Context(), 1, newKey(), "")
	refused(t, err, agent.CodeCardNeeded)
	s.ready(550)
	key := newKey()
	slip := must[agent.Job](t)(s.agent.Slip(t.Context(), 1, key, ""))
	s.job(slip.ID, "confirmed")
	if again := must[agent.Job](t)(s.agent.Slip(t.Context(), 1, key, "")); again.ID != slip.ID {
		t.Errorf("the same key made job %d, then %d", slip.ID, again.ID)
	}
	for _, want := range []string{"YOUR ACCOUNT", "550", "Provisional"} {
		if paper := s.sheet(1); !strings.Contains(paper, want) {
			t.Errorf("the slip lacks %q:\n%s", want, paper)
		}
	}
}

const climbingProgramme = `
format: 1
programme: { id: climb, name: { en: Climb }, version: 2, valid_from: 2020-01-02T00:00, currency: EUR }
earn: [{ id: base, per: amount, rate: { points: 1, per: "1.00" } }]
tiers: [{ id: plain, name: { en: Plain } }, { id: gold, name: { en: Gold }, from: "50.00" }]
ladder: { by: spend, over: rolling, months: 12 }
stamps: [{ id: coffees, name: { en: Coffees }, buy: 10, points: 5 }]
expiry: { inactive_months: 6 }
`

// The slip tells without a purchase what the last receipt told: how far the stamps are, and the next tier.
func TestASlipTellsOfStampsAndTheNextTier(t *testing.T) {
	s := newShop(t)
	s.paper = agent.PaperConfig{Languages: []string{"en", "lv", "pl", "et", "fa", "hy"}}
	s.restart(s.lane)
	s.publish(climbingProgramme)
	r := basket(1200)
	r.Number = testNumber
	s.job(must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(r))).Job, "confirmed")
	for i, l := range i18n.Langs() {
		m := s.member(0)
		m.Language = string(l)
		s.headOffice(agentdb.Change{Member: m})
		s.job(must[agent.Job](t)(s.agent.Slip(t.Context(), 1, newKey(), testNumber)).ID, "confirmed")
		stamps := i18n.Text(l, loyalty.ExplainStamps, i18n.Args{"rule": "Coffees", "held": 1, "count": 10, "missing": 9})
		buyAgain, _, _ := strings.Cut(i18n.Text(l, "receipt.active_until", i18n.Args{"date": "|"}), "|")
		paper := strings.Join(strings.Fields(s.sheet(2+i)), " ")
		for _, want := range []string{stamps, "Gold", strings.TrimSpace(buyAgain)} {
			if onLetters(l) && !strings.Contains(paper, want) {
				t.Errorf("the slip lacks %q:\n%s", want, paper)
			}
		}
	}
}

// onLetters says whether the simulator can read a language's paper: the others are drawn.
func onLetters(l i18n.Lang) bool { return l != "fa" && l != "hy" }

func TestAnXReportLeavesTheDayOpen(t *testing.T) {
	s := newShop(t)
	_, err := s.agent.ReportX(t.Context(), 1, newKey())
	refused(t, err, agent.CodeNothingToClose)
	sold := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(basket(1234))))
	s.job(sold.Job, "confirmed")
	for range 2 {
		s.job(must[agent.Job](t)(s.agent.ReportX(t.Context(), 1, newKey())).ID, "confirmed")
	}
	for n := 2; n <= 3; n++ {
		if paper := s.sheet(n); !strings.Contains(paper, "X PĀRSKATS") || !strings.Contains(paper, "12,34") {
			t.Errorf("sheet %d is no X report:\n%s", n, paper)
		}
	}
	closed := must[agent.CloseAnswer](t)(s.agent.CloseDay(t.Context(), 1, newKey(), "ilze"))
	if closed.Totals.Sales != 1 {
		t.Errorf("the day closed with %+v", closed.Totals)
	}
}

func TestAPreviewIsThePaperAndSaysHowEachLineIsPrinted(t *testing.T) {
	s := newShop(t)
	p := must[*agent.PaperPreview](t)(s.agent.Preview(agent.PreviewRequest{Paper: "sale", Language: "fa", Copy: 2}))
	routes := map[string]bool{}
	for _, l := range p.Lines {
		routes[l.PrintedAs] = true
	}
	if !strings.HasPrefix(string(p.PNG), "\x89PNG") || !routes["downloaded glyphs"] || !routes["text"] || !strings.Contains(p.Text, "۲") {
		t.Errorf("routes %v, text\n%s", routes, p.Text)
	}
	_, err := s.agent.Preview(agent.PreviewRequest{Paper: "sale", Template: "paper: sale\nblocks:\n  - rulle\n"})
	refused(t, err, agent.CodeTemplateRefused)
	for field, r := range map[string]agent.PreviewRequest{
		"paper": {Paper: "slae"}, "language": {Paper: "sale", Language: "xx"}, "profile": {Paper: "sale", Profile: "none"},
		"values": {Paper: "sale", Values: map[string]any{"totl": "1"}},
	} {
		_, err := s.agent.Preview(r)
		if r := refused(t, err, agent.CodeFieldInvalid); r.Field != field {
			t.Errorf("%s: the refusal names %q", field, r.Field)
		}
	}
}
