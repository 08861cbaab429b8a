package cardsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"
)

// faulty is a tap on a card with points through contacts on which faults can be armed.
func faulty(t *testing.T) (*Card, *Contacts, *tap, *Outcome) {
	t.Helper()
	card, contacts, last := newHeadOffice(t, 1).newCard(t, 2, nil), &Contacts{}, &Outcome{}
	h := newTap(t, func(capdu []byte) []byte {
		*last = contacts.Exchange(card, capdu)
		return last.Answer
	})
	h.load(newHeadOffice(t, 1), 1, 500)
	h.verify("4711")
	return card, contacts, h, last
}

func arm(t *testing.T, c *Contacts, f Fault) {
	t.Helper()
	if err := c.SetFault(f); err != nil {
		t.Fatal(err)
	}
}

func TestEachFaultSpoilsADebitInItsWay(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  Fault
		booked bool
		check  func(o Outcome, proven bool) bool
	}{
		{"torn before", Fault{Kind: TearBefore}, false, func(o Outcome, _ bool) bool { return o.Removed && o.Answer == nil }},
		{"torn after", Fault{Kind: TearAfter}, true, func(o Outcome, _ bool) bool { return o.Removed && o.Answer == nil }},
		{"power lost before the commit", Fault{Kind: PowerLoss, Write: 5}, false, func(o Outcome, _ bool) bool { return o.Removed }},
		{"power lost behind the commit", Fault{Kind: PowerLoss, Write: 50, Written: 0xFFFF}, true, func(o Outcome, _ bool) bool { return o.Removed }},
		{"mute", Fault{Kind: Mute}, true, func(o Outcome, _ bool) bool { return o.Silent && !o.Removed }},
		{"mute and deaf", Fault{Kind: Mute, Skip: true}, false, func(o Outcome, _ bool) bool { return o.Silent }},
		{"slow", Fault{Kind: Slow, DelayMS: 1500}, true, func(o Outcome, proven bool) bool { return proven && o.Delay == 1500*time.Millisecond }},
		{"a bare 9000", Fault{Kind: WrongSW, SW: 0x9000}, true, func(o Outcome, proven bool) bool { return !proven && sw(o.Answer) == "9000" }},
		{"a bare 9000 for nothing", Fault{Kind: WrongSW, SW: 0x9000, Skip: true}, false, func(o Outcome, proven bool) bool { return !proven }},
		{"no byte", Fault{Kind: ShortAnswer}, true, func(o Outcome, _ bool) bool { return len(o.Answer) == 0 && !o.Silent }},
		{"one byte", Fault{Kind: ShortAnswer, Bytes: 1}, true, func(o Outcome, _ bool) bool { return len(o.Answer) == 1 }},
		{"first bit flipped", Fault{Kind: BitFlip}, true, func(o Outcome, proven bool) bool { return !proven && len(o.Answer) == 42 }},
		{"a bit of the status word flipped", Fault{Kind: BitFlip, Bit: 42*8 - 1}, true, func(o Outcome, proven bool) bool { return !proven }},
		{"truncated", Fault{Kind: Truncated, Bytes: 5}, true, func(o Outcome, proven bool) bool { return !proven && len(o.Answer) == 37 }},
		{"truncated to nothing", Fault{Kind: Truncated, Bytes: 500}, true, func(o Outcome, _ bool) bool { return len(o.Answer) == 0 && !o.Removed }},
		{"over-long", Fault{Kind: OverLong, Bytes: 300}, true, func(o Outcome, proven bool) bool { return !proven && len(o.Answer) == 342 && sw(o.Answer) == "9000" }},
		{"a stale session", Fault{Kind: StaleSession}, false, func(o Outcome, _ bool) bool { return sw(o.Answer) == "6985" }},
		{"slow by the byte", Fault{Kind: Slow, ByteUS: 100}, true, func(o Outcome, proven bool) bool { return proven && o.Delay == (61+42)*100*time.Microsecond }},
		{"slow by the operation", Fault{Kind: Slow, OperationUS: 1000}, true, func(o Outcome, proven bool) bool { return proven && o.Delay == 6*time.Millisecond }},
	} {
		card, contacts, h, last := faulty(t)
		c.fault.INS = insDebit
		arm(t, contacts, c.fault)
		h.purse() // another instruction is spared
		_, _, proven := h.unwrap(h.send(h.wrap(0x84, insDebit, 0, 0, newSale(100, "sale").debit())))
		if !c.check(*last, proven) {
			t.Errorf("%s: %+v, proven %v", c.name, *last, proven)
		}
		if got := card.Status().Ctr == 2; got != c.booked {
			t.Errorf("%s: booked %v, want %v", c.name, got, c.booked)
		}
		if _, armed := contacts.Fault(); armed {
			t.Errorf("%s: happens twice", c.name)
		}
	}
}

func TestAnEarlierDebitsAnswerIsReplayedInPlaceOfALaterDebit(t *testing.T) {
	card, contacts, h, last := faulty(t)
	arm(t, contacts, Fault{Kind: Replay, INS: insDebit})
	h.debit(newSale(100, "sale 1")) // nothing to replay yet: stays armed
	first := bytes.Clone(last.Answer)
	if _, _, proven := h.unwrap(h.send(h.wrap(0x84, insDebit, 0, 0, newSale(100, "sale 2").debit()))); proven {
		t.Error("an earlier answer passes for this one")
	}
	if !bytes.Equal(last.Answer, first) || card.Status().Balance != 400 {
		t.Errorf("answer %X, balance %d", last.Answer, card.Status().Balance)
	}
}

func TestAFaultPicksItsCommand(t *testing.T) {
	count := func(f Fault, commands int) (hits []int) {
		trigger := newTrigger(f)
		for i := range commands {
			if trigger.fires(0x54) {
				hits = append(hits, i+1)
			}
		}
		return hits
	}
	if got := count(Fault{Kind: Mute, Nth: 3, Sticky: true}, 5); !reflect.DeepEqual(got, []int{3, 4, 5}) {
		t.Errorf("from the third on: %v", got)
	}
	if got := count(Fault{Kind: Mute, INS: 0x52}, 5); got != nil {
		t.Errorf("another instruction: %v", got)
	}
	one, same, other := Fault{Kind: Mute, Probability: 0.3, Seed: 1}, Fault{Kind: Mute, Probability: 0.3, Seed: 1}, Fault{Kind: Mute, Probability: 0.3, Seed: 2}
	a, b, c := count(one, 1000), count(same, 1000), count(other, 1000)
	if !reflect.DeepEqual(a, b) || reflect.DeepEqual(a, c) || len(a) < 230 || len(a) > 370 {
		t.Errorf("%d, %d and %d hits of 1000 at 0.3", len(a), len(b), len(c))
	}
}

func TestABadATRIsBadInItsWay(t *testing.T) {
	card, contacts := newHeadOffice(t, 1).newCard(t, 2, nil), &Contacts{}
	good := card.ATR()
	for _, variant := range []string{ATREmpty, ATRTruncated, ATRChecksum, ATRGarbage, ATRT0, ATRInverse} {
		arm(t, contacts, Fault{Kind: BadATR, Variant: variant})
		if got := contacts.Exchange(card, unhex(selectHex)); len(got.Answer) != 68 {
			t.Errorf("%s touches a command: %+v", variant, got)
		}
		if got := contacts.ATR(card); bytes.Equal(got, good) {
			t.Errorf("%s: ATR %X", variant, got)
		}
		if got := contacts.ATR(card); !bytes.Equal(got, good) {
			t.Errorf("%s: the next ATR %X", variant, got)
		}
	}
}

func TestAFaultIsWrittenInHexadecimal(t *testing.T) {
	f := Fault{Kind: WrongSW, INS: 0x54, Nth: 2, SW: 0x6F00, Written: 0xFFFF, Sticky: true}
	text := marshal(t, f)
	if want := `{"kind":"sw","ins":"54","nth":2,"sticky":true,"written":"0000FFFF","sw":"6F00"}`; string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
	var back Fault
	if err := json.Unmarshal(text, &back); err != nil || back != f {
		t.Errorf("%+v, %v", back, err)
	}
	for _, bad := range []string{`{"ins":"5"}`, `{"ins":"5G"}`, `{"sw":"9000 "}`, `{"written":"FF"}`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}

func TestAFaultThatMakesNoSenseIsNotArmed(t *testing.T) {
	for _, f := range []Fault{
		{}, {Kind: "fire"}, {Kind: Mute, Nth: -1}, {Kind: Mute, Probability: 1.5}, {Kind: PowerLoss}, {Kind: Slow},
		{Kind: Slow, DelayMS: maxDelayMS + 1}, {Kind: WrongSW}, {Kind: ShortAnswer, Bytes: 2}, {Kind: BitFlip, Bit: -1}, {Kind: BadATR, Variant: "x"},
		{Kind: Slow, DelayMS: 1, ByteUS: -1}, {Kind: Slow, OperationUS: maxDelayUS + 1}, {Kind: Truncated}, {Kind: OverLong, Bytes: maxOverLong + 1},
		{Kind: StartLoss}, {Kind: Swap}, {Kind: Swap, Card: "ben"},
	} {
		contacts := &Contacts{}
		if err := contacts.SetFault(f); !errors.Is(err, ErrFault) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestPowerIsLostInTheRecoveryToo(t *testing.T) {
	card, contacts, h, last := faulty(t)
	before := card.Status()
	arm(t, contacts, Fault{Kind: PowerLoss, INS: insDebit, Write: 52}) // behind the commit
	h.send(h.wrap(0x84, insDebit, 0, 0, newSale(100, "sale").debit()))
	if !last.Removed || !card.Status().InterruptedWrite {
		t.Fatalf("%+v, %+v", *last, card.Status())
	}
	for write := 1; write <= 5; write++ {
		arm(t, contacts, Fault{Kind: StartLoss, Write: write, Written: 0xFFFF})
		if err := contacts.PowerOn(card); !errors.Is(err, ErrPowerLost) {
			t.Fatalf("recovery write %d: %v", write, err)
		}
	}
	if err := contacts.PowerOn(card); err != nil {
		t.Fatal(err)
	}
	if got := card.Status(); got.Balance != before.Balance-100 || got.InterruptedWrite {
		t.Errorf("%+v", got)
	}
	arm(t, contacts, Fault{Kind: StartLoss, Write: 1})
	if err := contacts.PowerOn(card); err != nil {
		t.Errorf("nothing to recover: %v", err)
	}
	if _, armed := contacts.Fault(); !armed {
		t.Error("a power on without a write used the fault up")
	}
}

// asUnderT0 is a host that understands 61xx and 6Cxx.
func asUnderT0(send func([]byte) []byte, capdu []byte) (answer []byte, asked int) {
	var data []byte
	for {
		answer = send(capdu)
		asked++
		n := len(answer) - 2
		data = append(data, answer[:n]...)
		switch answer[n] {
		case 0x61:
			capdu = []byte{0, 0xC0, 0, 0, answer[n+1]}
		case 0x6C:
			capdu = append(withoutLe(capdu), answer[n+1])
		default:
			return append(data, answer[n:]...), asked
		}
	}
}

func TestAnAnswerIsFetchedAsUnderT0(t *testing.T) {
	for _, kind := range []FaultKind{GetResponse, WrongLe} {
		card, contacts, h, _ := faulty(t)
		arm(t, contacts, Fault{Kind: kind, Sticky: true})
		for _, capdu := range [][]byte{
			unhex("00B0810000"), unhex(selectHex), unhex("00B0820000"), unhex("00B0830000"), // the last has no data to fetch
		} {
			plain := card.Process(capdu)
			answer, asked := asUnderT0(h.send, capdu)
			if want := 1 + min(1, len(plain)-2); !bytes.Equal(answer, plain) || asked != want {
				t.Errorf("%s %X: %X in %d commands, want %X in %d", kind, capdu, answer, asked, plain, want)
			}
		}
		contacts.ClearFault()
		h.selectCard()
		h.agree()
		h.verify("4711")
		arm(t, contacts, Fault{Kind: kind, INS: insDebit})
		answer, _ := asUnderT0(h.send, append(h.wrap(0x84, insDebit, 0, 0, newSale(100, "sale").debit()), 0))
		if _, got, proven := h.unwrap(answer); got != swDone || !proven || card.Status().Ctr != 2 {
			t.Errorf("%s: DEBIT answers %X, booked %d times", kind, answer, card.Status().Ctr-1)
		}
	}
}

func TestWhatIsHeldBackComesInPartsAndIsForgotten(t *testing.T) {
	_, contacts, h, _ := faulty(t)
	arm(t, contacts, Fault{Kind: GetResponse})
	if got := h.send(unhex(selectHex)); !bytes.Equal(got, unhex("6142")) {
		t.Fatalf("%X", got)
	}
	first, second := h.send(unhex("00C0000020")), h.send(unhex("00C0000000"))
	if sw(first) != "6122" || len(first) != 34 || sw(second) != "9000" || len(second) != 36 {
		t.Errorf("%X, then %X", first, second)
	}
	arm(t, contacts, Fault{Kind: WrongLe})
	if got := h.send(unhex("00B0810020")); !bytes.Equal(got, unhex("6C20")) {
		t.Errorf("%X", got)
	}
	if got := h.send(unhex("00B0810010")); len(got) != 18 {
		t.Errorf("another length asks the card itself: %X", got)
	}
	arm(t, contacts, Fault{Kind: GetResponse})
	h.send(unhex(selectHex))
	h.send(unhex("00B0810000"))
	if got := sw(h.send(unhex("00C000003F"))); got != "6D00" {
		t.Errorf("after another command: %s", got)
	}
}
