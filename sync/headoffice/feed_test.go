package headoffice

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/sync/wire"
)

func TestTheFeedTellsAStoreEverythingOnceAndThenOnlyWhatIsNew(t *testing.T) {
	c := newCentre(t)
	prog := c.publish()
	anna := c.member("6034000000000018")
	c.member("6034000000000026")
	c.serve()
	b := c.enrol(1, prog)
	page := b.feed(0, 0)
	if len(page.Rows) != 5 || !page.UpToDate || page.Epoch != 1 {
		t.Fatalf("an issuing key, a programme, two members and numbers to make more: %+v", page)
	}
	if i := page.Rows[0].Issuer; i == nil || i.Revoked || len(i.Statement) != card.IssuingKeyLength {
		t.Errorf("the issuing key: %+v", page.Rows[0])
	}
	if p := page.Rows[1].Programme; p == nil || p.ID.String() != prog.Digest() || string(p.Document) != string(prog.Canonical()) || p.ValidFrom != prog.ValidFrom() {
		t.Errorf("the programme: %+v", page.Rows[1])
	}
	b.sell(anna, 10000)
	b.sell(anna, 5000)
	b.sync()
	c.settled()
	// Where it is past midnight in the store already, its day begins now, and a member who has points is told once more, as he was.
	var m *wire.MemberRow
	var mark *wire.WatermarkRow
	news := b.feed(page.Next, 0)
	for _, r := range news.Rows {
		switch {
		case r.Member != nil && m == nil:
			m = r.Member
		case r.Watermark != nil && mark == nil:
			mark = r.Watermark
		case r.Member == nil || !reflect.DeepEqual(r.Member, m):
			t.Errorf("after two sales to one member also: %+v", r)
		}
	}
	if m == nil || m.ID != anna || m.Balance != 300 || len(m.Lots) != 2 || m.Through != 2 || m.Numbers[0].Masked != "6034…0018" {
		t.Errorf("the member: %+v", m)
	}
	if mark == nil || *mark != (wire.WatermarkRow{Store: 1, Epoch: 1, Seq: 2}) {
		t.Errorf("the watermark: %+v", mark)
	}
	for _, r := range b.feed(news.Next, 0).Rows {
		if !reflect.DeepEqual(r.Member, m) {
			t.Errorf("nothing new: %+v", r)
		}
	}
}

// A balance and how much of a store's log is in it are read together: entries that arrived but are not judged yet are not
// claimed to be in it.
func TestAMemberRowClaimsOnlyWhatIsInIt(t *testing.T) {
	c := newCentre(t)
	prog := c.publish()
	anna := c.member("6034000000000018")
	b := c.enrol(1, prog)
	b.sell(anna, 10000)
	answer, err := c.office.OpenSession(t.Context(), 1, wire.SessionRequest{Protocol: wire.Protocol, Epoch: 1, InstallID: b.id.InstallID,
		BootNonce: b.boot, Head: wire.Head{Seq: 1, Hash: b.hashAt(1)}})
	if err != nil {
		t.Fatal(err)
	}
	b.session = answer.Session
	if _, err := c.office.Push(t.Context(), b.batch(1, 1)); err != nil {
		t.Fatal(err)
	}
	row := func() *wire.MemberRow {
		page, err := c.office.Feed(t.Context(), wire.FeedQuery{Store: 1, Epoch: 1, Limit: wire.MaxFeedRows})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rows {
			if r.Member != nil {
				return r.Member
			}
		}
		t.Fatal("no member in the feed")
		return nil
	}
	if m := row(); m.Through != 0 || m.Balance != 0 {
		t.Errorf("arrived, not judged: %+v", m)
	}
	c.post()
	if m := row(); m.Through != 1 || m.Balance != 200 {
		t.Errorf("judged: %+v", m)
	}
}

func TestAnotherStoreSeesTheMemberButNotTheWatermark(t *testing.T) {
	c, b := shop(t)
	anna := c.member("6034000000000018")
	other := c.enrol(2, b.prog)
	b.sell(anna, 10000)
	b.sync()
	c.settled()
	for _, row := range other.feed(0, 0).Rows {
		if row.Watermark != nil {
			t.Errorf("store 2 is told of store 1's log: %+v", row.Watermark)
		}
		if row.Member != nil && (row.Member.Balance != 200 || row.Member.Through != 0) {
			t.Errorf("store 2's view of the member: %+v", row.Member)
		}
	}
}

func TestPagesOfAnySizeGiveTheSameFeed(t *testing.T) {
	c, b := shop(t)
	for _, digits := range []string{"6034000000000018", "6034000000000026", "6034000000000034", "6034000000000042"} {
		b.sell(c.member(digits), 10000)
	}
	b.sync()
	c.settled()
	whole := b.feed(0, 0)
	rows := 0
	for at := int64(0); ; {
		page, p := b.tryFeed(wire.FeedQuery{Epoch: 1, After: at, Limit: 2})
		if p != nil {
			t.Fatal(p)
		}
		for i, row := range page.Rows {
			if row.Seq != whole.Rows[rows+i].Seq {
				t.Errorf("row %d is number %d, in one page it was %d", rows+i, row.Seq, whole.Rows[rows+i].Seq)
			}
		}
		rows += len(page.Rows)
		if at = page.Next; page.UpToDate {
			break
		}
	}
	if rows != len(whole.Rows) || rows != 8 { // four members, a programme, an issuing key, member numbers, the watermark
		t.Errorf("%d rows in pages of two, %d in one", rows, len(whole.Rows))
	}
}

func TestACursorThatIsNotOfThisFeedStartsOver(t *testing.T) {
	_, b := shop(t)
	for _, q := range []wire.FeedQuery{{Epoch: 2, After: 1, Limit: 1}, {Epoch: 0, After: 1, Limit: 1}} {
		_, p := b.tryFeed(q)
		wantCode(t, p, wire.CodeFeedReset)
		if p.FeedEpoch != 1 {
			t.Errorf("%+v: pull in feed epoch %d, want 1", q, p.FeedEpoch)
		}
	}
}

// A store was told more of this very feed than there is: the books were put back to an older copy. Numbers are given again, so
// every store starts over; a store that claims it again and again does not make them.
func TestAFeedThatWentBackBeginsANewLife(t *testing.T) {
	_, b := shop(t)
	_, p := b.tryFeed(wire.FeedQuery{Epoch: 1, After: 1 << 40, Limit: 1})
	wantCode(t, p, wire.CodeFeedReset)
	renewed := p.FeedEpoch
	if renewed <= 1 {
		t.Fatalf("pull in feed epoch %d", renewed)
	}
	_, p = b.tryFeed(wire.FeedQuery{Epoch: renewed, After: 1 << 40, Limit: 1})
	if wantCode(t, p, wire.CodeFeedReset); p.FeedEpoch != renewed {
		t.Errorf("the same store made it begin again: %d, %d", renewed, p.FeedEpoch)
	}
}

// A store that waits hears of what a command on the same machine did to a running head office, long before it would ask again.
func TestAWaitingStoreHearsOfACommandBeforeItsWaitIsOver(t *testing.T) {
	c, b := shop(t)
	at := b.feed(0, 0).Next
	heard := make(chan *wire.FeedPage)
	go func() { heard <- b.feed(at, wire.MaxWait) }()
	select {
	case page := <-heard:
		t.Fatalf("there was nothing new: %+v", page.Rows)
	case <-time.After(50 * time.Millisecond): // it is most likely waiting; if not, the test still holds
	}
	start := time.Now()
	if _, err := c.manager().AddMember(t.Context(), NewMember{Number: number(t, "6034000000000018"), Language: "lv"}); err != nil {
		t.Fatal(err)
	}
	page := <-heard
	if len(page.Rows) != 1 || page.Rows[0].Member == nil {
		t.Errorf("heard %+v", page.Rows)
	}
	if took := time.Since(start); took >= wire.MaxWait {
		t.Errorf("heard after %v", took)
	}
}

func TestCommandsWorkTheSameWithAndWithoutARunningServer(t *testing.T) {
	c := newCentre(t)
	c.serve()
	running, err := c.manager().AddMember(t.Context(), NewMember{Number: number(t, "6034000000000018"), Language: "lv"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.manager().AddMember(t.Context(), NewMember{Number: number(t, "6034 0000 0000 0018"), Language: "lv"})
	if field := mustFail[*FieldError](t, err); field.Field != "number" {
		t.Errorf("a number twice: %v", err)
	}
	c.stop()
	if _, err := os.Stat(filepath.Join(c.home.Dir, doorFile)); err == nil {
		t.Error("the door is still described after the server has stopped")
	}
	if err := c.office.Close(); err != nil {
		t.Fatal(err)
	}
	alone, err := c.manager().AddMember(t.Context(), NewMember{Number: number(t, "6034000000000026"), Language: "lv"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.manager().AddMember(t.Context(), NewMember{Number: number(t, "6034000000000026"), Language: "lv"})
	if field := mustFail[*FieldError](t, err); field.Field != "number" {
		t.Errorf("a number twice, alone: %v", err)
	}
	c.open()
	if r := c.report(); running != 1 || alone != 2 || len(r.Members) != 2 {
		t.Errorf("members %d and %d, %d in the report", running, alone, len(r.Members))
	}
}

func TestACardSignedLateGetsThePointsThatWaited(t *testing.T) {
	c := newCentre(t)
	prog := c.publish()
	anna := c.member("6034000000000018")
	c.serve()
	b := c.enrol(1, prog)
	b.sell(anna, 10000)
	b.sync()
	if m := c.settled().member(t, anna); m.Main != 200 || m.OnCard != 0 {
		t.Fatalf("without a card: %+v", m)
	}
	chip := c.chip(anna, "6034000000000018", b.id.CardRoot)
	if m := c.report().member(t, anna); m.Main != 0 || m.OnCard != 200 || m.Balance != 200 {
		t.Errorf("with a card: %+v", m)
	}
	if got := chip.take(b.feed(0, 0)); len(got) != 1 || got[0].Amount != 200 {
		t.Errorf("the card took %+v", got)
	}
	c.inOrder()
}

func TestABlockedCardGetsNoMorePoints(t *testing.T) {
	c, b, chip := funded(t)
	if err := c.manager().BlockCard(t.Context(), chip.id, "lost"); err != nil {
		t.Fatal(err)
	}
	b.sell(chip.member, 10000)
	b.sync()
	if m := c.settled().member(t, chip.member); m.Main != 200 || m.OnCard != 200 || m.Cards[0].Blocked != "lost" {
		t.Errorf("after the block: %+v", m)
	}
	var unknown loyalty.CardID
	unknown[0] = 9
	mustFail[*FieldError](t, c.manager().BlockCard(t.Context(), unknown, "lost"))
	c.inOrder()
}
