package cardsim

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
)

// writtenBits are the bits of the torn word that still arrive.
func writtenBits() []uint32 {
	return []uint32{0, 0xFFFFFFFF, 0xFFFF0000, 0x0000FFFF, 0x0F0F0F0F, 0xFFFFFFF0, 0xFFFF000F}
}

// tornCommand is a command and what precedes it in its session.
type tornCommand struct {
	name    string
	prepare func(h *tap)
	send    func(h *tap) []byte
	purse   bool // sent again it succeeds without happening again
}

func tornCommands(t *testing.T, office *headOffice, card *Card) []tornCommand {
	later := office.certificate(t, certificateOrder{card.core.cardID(), card.core.key.PublicKey().Bytes(), 11365, 1})
	renewal := office.renewal(card.core.cardID(), later)
	s := newSale(40, "sale 2")
	pin := func(h *tap) { h.verify("4711") }
	wrapped := func(ins, p2 byte, data []byte) func(h *tap) []byte {
		cla := byte(0x84)
		if ins < insLoad {
			cla = 0x04
		}
		return func(h *tap) []byte { return h.send(h.wrap(cla, ins, 0, p2, data)) }
	}
	voucher := func(kind byte, amount uint32, ref string) func(h *tap) []byte {
		return func(h *tap) []byte {
			return h.send(h.wrap(0x84, insLoad, 0, 0, office.voucherOf(h.cardID, 2, kind, amount, unhex(ref))))
		}
	}
	return []tornCommand{
		{"DEBIT", pin, wrapped(insDebit, 0, s.debit()), true},
		{"DEBIT right after a DEBIT", func(h *tap) { pin(h); h.debit(newSale(1, "sale 1b")) }, wrapped(insDebit, 0, s.debit()), true},
		{"UNDO", func(h *tap) { pin(h); h.debit(s) }, wrapped(insUndo, 0, s.undo()), true},
		{"LOAD", func(*tap) {}, func(h *tap) []byte {
			return h.send(h.wrap(0x84, insLoad, 0, 0, office.voucher(h.cardID, 2, 1, 77, "ref")))
		}, true},
		{"LOAD that forgets the PIN", func(*tap) {}, voucher(2, 1, noRef), true},
		{"LOAD of limits", func(*tap) {}, voucher(3, 0, "0000001400000028"), true},
		{"LOAD of tier and language", func(*tap) {}, voucher(4, 0x6574, "6F6E650000000000"), true},
		{"LOAD that terminates", func(*tap) {}, voucher(5, 0, noRef), true},
		{"VERIFY", func(h *tap) { h.verify("9999") }, wrapped(insVerify, 1, block("4711")), false},
		{"VERIFY of a wrong PIN", func(*tap) {}, wrapped(insVerify, 1, block("9999")), false},
		{"VERIFY of the last try", func(h *tap) { h.verify("9999"); h.verify("9999") }, wrapped(insVerify, 1, block("9999")), false},
		{"CHANGE", func(*tap) {}, wrapped(insChange, 1, append(block("4711"), block("0815")...)), false},
		{"UNBLOCK", func(h *tap) { h.verify("9999") }, wrapped(insUnblock, 1, append(block("12345678"), block("0815")...)), false},
		{"RENEW", func(*tap) {}, func(h *tap) []byte {
			return h.send(append([]byte{claProprietary, insRenew, 1, 1, byte(len(renewal))}, renewal...))
		}, false},
	}
}

// tornBench runs one command on copies of one card.
type tornBench struct {
	t     *testing.T
	base  []byte
	c     tornCommand
	seen  []string // what the memory may be: before, and after each commit of the command
	after Status
}

func (b *tornBench) boot(image []byte) *Core {
	b.t.Helper()
	nvm, err := nvmFromImage(image)
	if err != nil {
		b.t.Fatal(err)
	}
	core, err := newCore(nvm, seeded(5))
	if err != nil {
		b.t.Fatal(err)
	}
	return core
}

func (b *tornBench) session() (*Core, *tap) {
	core := b.boot(b.base)
	if err := core.PowerOn(); err != nil {
		b.t.Fatal(err)
	}
	h := newTap(b.t, core.Process)
	b.c.prepare(h)
	return core, h
}

func data(n *NVM) string { return string(n.Image()[4*dataAt:]) }

// undisturbed learns which states the command may leave.
func (b *tornBench) undisturbed() (writes int) {
	core, h := b.session()
	b.seen = []string{data(core.nvm)}
	core.nvm.save = func([]byte) error { b.seen = append(b.seen, data(core.nvm)); return nil }
	before := core.nvm.Writes()
	b.c.send(h)
	b.after = (&Card{core: core}).Status()
	return int(core.nvm.Writes() - before)
}

// TestPowerLostAtAnyWriteLeavesBeforeOrAfter takes the power at every single word write of each command, and then at
// every single write of the recovery too, with torn words. Whatever happens, the memory is wholly one of the states
// that commits have made, the same one however often recovery is interrupted, and no try is gained.
func TestPowerLostAtAnyWriteLeavesBeforeOrAfter(t *testing.T) {
	office := newHeadOffice(t, 1)
	card, h := verified(t, office, 500)
	h.debit(newSale(100, "sale 1"))
	card.PowerOff()
	base := card.core.nvm.Image()
	for _, c := range tornCommands(t, office, card) {
		t.Run(c.name, func(t *testing.T) {
			b := &tornBench{t: t, base: base, c: c}
			writes := b.undisturbed()
			schedules := 0
			for k := 1; k <= writes; k++ {
				for _, bits := range writtenBits() {
					schedules += b.tear(k, bits)
				}
			}
			t.Logf("%d writes, %d states, %d schedules", writes, len(b.seen), schedules)
		})
	}
}

// tear loses power at write k, recovers in every way, and repeats the command.
func (b *tornBench) tear(k int, bits uint32) (schedules int) {
	core, h := b.session()
	tries := core.nvm.word(pinTriesAt)
	core.nvm.FailAfter(k, bits)
	if answer := b.c.send(h); answer != nil {
		b.t.Fatalf("write %d: answer %X after the power was lost", k, answer)
	}
	torn := core.nvm.Image()
	settled := b.recover(torn)
	state := b.stateOf(settled, k, bits)
	if left := settled.nvm.word(pinTriesAt); left > tries && state != len(b.seen)-1 {
		b.t.Fatalf("write %d: %d tries, before %d", k, left, tries)
	}
	for j := 1; ; j++ {
		again := b.boot(torn)
		again.nvm.FailAfter(j, bits)
		err := again.PowerOn()
		schedules++
		if err == nil {
			break
		}
		if !errors.Is(err, ErrPowerLost) || again.Process(unhex(selectHex)) != nil {
			b.t.Fatalf("write %d, recovery %d: %v, and the card answers", k, j, err)
		}
		if got := data(b.recover(again.nvm.Image()).nvm); got != data(settled.nvm) {
			b.t.Fatalf("write %d (%08X), recovery write %d: another state than without interruption", k, bits, j)
		}
	}
	b.repeat(settled, k)
	return schedules
}

func (b *tornBench) recover(image []byte) *Core {
	core := b.boot(image)
	looked := (&Card{core: core}).Status()
	if err := core.PowerOn(); err != nil {
		b.t.Fatal(err)
	}
	settled := (&Card{core: core}).Status()
	looked.InterruptedWrite = false
	if !reflect.DeepEqual(looked, settled) {
		b.t.Fatalf("Status says %+v before recovery and %+v after", looked, settled)
	}
	return core
}

func (b *tornBench) stateOf(core *Core, k int, bits uint32) int {
	got := data(core.nvm)
	for i, want := range b.seen {
		if got == want {
			return i
		}
	}
	b.t.Fatalf("write %d (%08X): the memory is in none of the %d states", k, bits, len(b.seen))
	return -1
}

// repeat: a store that never got the answer sends the purse's command again at the next tap, and it counts once.
func (b *tornBench) repeat(core *Core, k int) {
	h := newTap(b.t, core.Process)
	h.verify("4711")
	if _, sw, proven := h.unwrap(b.c.send(h)); b.c.purse && (sw != swDone || !proven) {
		b.t.Fatalf("write %d: the repeat answers %04X", k, sw)
	}
	got := (&Card{core: core}).Status()
	if got.Balance != b.after.Balance || fmt.Sprint(got.Journal) != fmt.Sprint(b.after.Journal) {
		b.t.Fatalf("write %d: after the repeat %+v, want %+v", k, got, b.after)
	}
}

func TestATryIsSpentBeforeThePINIsCompared(t *testing.T) {
	office := newHeadOffice(t, 1)
	for k := 1; ; k++ {
		card := office.newCard(t, 2, nil)
		h := newTap(t, card.Process)
		card.failAfter(k, 0)
		if h.send(h.wrap(0x04, insVerify, 0, 1, block("4711"))) != nil {
			t.Fatal("the right PIN was never seen to cost a try")
		}
		if card.Status().PINTriesLeft == maxPINTries-1 {
			return // torn between commit and comparison: the try is gone, right PIN or not
		}
	}
}

func TestPersonalisationIsAllOrNothing(t *testing.T) {
	office := newHeadOffice(t, 1)
	blank, err := Create(seeded(2))
	if err != nil {
		t.Fatal(err)
	}
	file := office.perso(t, blank.Request(), nil)
	image := blank.core.nvm.Image()
	b := &tornBench{t: t}
	for k := 1; ; k++ {
		card := &Card{core: b.boot(image)}
		card.failAfter(k, 0)
		err := card.Personalise(file)
		if err == nil {
			t.Logf("%d writes", k-1)
			return
		}
		if !errors.Is(err, ErrPowerLost) {
			t.Fatal(err)
		}
		card.failAfter(0, 0)
		if err := card.Personalise(file); err != nil && !errors.Is(err, ErrPersonalised) {
			t.Fatalf("write %d: %v", k, err)
		}
		if err := card.PowerOn(); err != nil {
			t.Fatal(err)
		}
		if h := newTap(t, card.Process); h.verify("4711") != swDone {
			t.Fatalf("write %d: the card is not whole", k)
		}
	}
}

func TestAMemoryThatCannotBeKeptGivesNoAnswer(t *testing.T) {
	card, h := verified(t, newHeadOffice(t, 1), 500)
	full := errors.New("disk full")
	card.core.nvm.save = func([]byte) error { return full }
	if answer := h.send(h.wrap(0x84, insDebit, 0, 0, newSale(1, "sale").debit())); answer != nil {
		t.Fatalf("answer %X for a change that a restart would take back", answer)
	}
	if err := card.PowerOn(); !errors.Is(err, full) {
		t.Fatalf("power on: %v", err)
	}
	card.core.nvm.save = func([]byte) error { return nil }
	if err := card.PowerOn(); err != nil || card.Status().Balance != 499 {
		t.Fatalf("with the disk back: %v, %+v", err, card.Status())
	}
}
