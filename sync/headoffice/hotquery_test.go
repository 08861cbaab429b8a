package headoffice

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/pgserver"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// spreadBy is the column by which each growing table would be spread over servers or partitions (docs/scale.md).
var spreadBy = map[string]string{
	"store_head": "store_id", "session": "store_id", "batch": "store_id", "entry": "store_id", "posted_txn": "store_id", "close": "store_id",
	"close_file": "store_id", "difference": "store_id", "suspense": "store_id", "case_file": "store_id", "entry_link": "ref_store",
	"account": "owner_id", "leg": "owner_id", "member": "member_id", "lot": "member_id", "member_entry": "member_id", "tier_move": "member_id",
	"lease": "member_id", "overdraft": "member_id", "asked": "member_id", "online_reservation": "store_id", "card_record": "card_id", "voucher": "card_id", "coupon_use": "serial", "proof": "proof", "brought": "friend_id", "referral": "friend_id", "erasure": "member_id",
}

// everywhere are tables that grow with the chain and not with its sales: each server has them whole, or one has the feed.
var everywhere = []string{"store", "programme", "issuer", "counter", "feed", "hot", "card", "number", "renewal", "replacement", "member_range", "member_key",
	"enrolment", "member_merge", "coupon_void", "audience", "webhook"}

// asksAll are the hot queries that ask every server, and why they may.
var asksAll = map[string]string{
	"SELECT b.store_id, b.epoch, b.first_seq, b.last_seq FROM batch b JOIN store_head":   "which store has something to post: once a batch, by the index batch_to_post",
	"SELECT (SELECT value FROM counter WHERE name = 'feed'), (SELECT value FROM counter": "whether there is anything to post: by the same index, which is empty mostly",
}

// Every query that ingest, posting and the feed run names the one server or partition that has its rows.
func TestHotQueriesFilterByTheColumnThatSpreadsTheirTable(t *testing.T) {
	w := newWorld(t, (*centre).publish)
	h := rapid.Custom(w.days).Example(17)
	url := pgserver.Only(t) + "?log_statement=all"
	c := w.again(url)
	defer c.close()
	var hot []string
	runs := func(work func() error) {
		before := len(pgserver.Statements(t, url))
		if err := work(); err != nil {
			t.Fatal(err)
		}
		hot = append(hot, pgserver.Statements(t, url)[before:]...)
	}
	push := func(batch *wire.Batch) error {
		_, err := c.office.Push(t.Context(), batch)
		return err
	}
	runs(func() error {
		for _, batch := range slices.Concat(h.batches...) {
			if err := push(batch); err != nil {
				return err
			}
		}
		return c.office.PostAll(t.Context())
	})
	b := w.behind(h)
	lease, err := c.office.grantLease(t.Context(), Grant{Member: w.members[1], Store: 1, Points: 10, Hours: 24})
	if err != nil {
		t.Fatal(err)
	}
	runs(func() error { return c.reserves(b, w.members[1]) })
	from := b.seq() + 1
	b.leaseSale(lease)
	end := b.entry(loyalty.KindLease)
	end.Lease = &loyalty.LeaseUse{Lease: lease.No, Member: lease.Member, Granted: lease.Granted, Points: 4}
	b.write(end)
	runs(func() error {
		if err := push(b.batch(from, b.seq())); err != nil {
			return err
		}
		return c.office.PostAll(t.Context())
	})
	if left, err := c.office.listLeases(t.Context(), none{}); err != nil || len(left) > 0 {
		t.Fatalf("the allowance was not used to its end: %+v, %v", left, err)
	}
	runs(func() error {
		_, err := c.office.Feed(t.Context(), wire.FeedQuery{Store: 1, Limit: wire.MaxFeedRows})
		if err == nil {
			err = c.office.db.View(t.Context(), func(tx *hodb.Tx) error {
				_, err := tx.Pulse()
				return err
			})
		}
		return err
	})
	slices.Sort(hot)
	hot = slices.Compact(hot)
	for _, query := range hot {
		t.Log(query)
		for begins := range asksAll {
			if strings.HasPrefix(query, begins) {
				query = ""
			}
		}
		for _, fault := range unfiltered(query) {
			t.Errorf("%s: %s", fault, query)
		}
	}
	if len(hot) < 50 {
		t.Errorf("only %d queries ran", len(hot))
	}
}

// behind is the first store's box with all that the history tells of it.
func (w *world) behind(h history) *box {
	b := w.fresh()[0]
	for _, batch := range h.batches[0] {
		for _, body := range batch.Bodies {
			b.append(body)
		}
	}
	b.clock = opened().AddDate(0, 0, 1)
	return b
}

// reserves is a store that starts, has points set aside for two sales and gives one of them up.
func (c *centre) reserves(b *box, member loyalty.MemberID) error {
	id, epoch := loyalty.StoreID(b.id.Store), loyalty.Epoch(b.id.Epoch)
	b.boot = randomID(c.t)
	answer, err := c.office.OpenSession(c.t.Context(), id, wire.SessionRequest{Protocol: wire.Protocol, Epoch: epoch, InstallID: b.id.InstallID,
		BootNonce: b.boot, Head: wire.Head{Seq: b.seq(), Hash: b.hashAt(b.seq())}})
	b.session = answer.Session
	gone := b.head().Txn
	for _, txn := range []loyalty.TxnID{b.head().Txn, gone} {
		if err == nil {
			_, err = c.office.Reserve(c.t.Context(), id, wire.ReserveRequest{Epoch: epoch, Txn: txn, Member: member, Points: 5, Through: b.seq()})
		}
	}
	if err == nil {
		err = c.office.Unreserve(c.t.Context(), id, gone, 0)
	}
	return err
}

// leaseSale is a sale of which an allowance pays 4 points.
func (b *box) leaseSale(l LeaseInfo) {
	e := b.sale(b.head(), &loyalty.MemberState{ID: l.Member, Medium: loyalty.MediumNumber}, 500, nil)
	e.Sale.Lease = &loyalty.LeaseUse{Lease: l.No, Member: l.Member, Granted: l.Granted, Points: 4}
	b.write(e)
}

var (
	tableNamed = regexp.MustCompile(`\b(FROM|JOIN|INTO|UPDATE|copy) "?([a-z_]+)"?( \([^)]*\))?`)
	cteNamed   = regexp.MustCompile(`WITH ([a-z_]+) AS`)
)

// unfiltered names the tables of a query that are not asked by their column, or have none.
func unfiltered(query string) (faults []string) {
	cte := cteNamed.FindStringSubmatch(query)
	for _, m := range tableNamed.FindAllStringSubmatch(query, -1) {
		verb, table, columns := strings.ToUpper(m[1]), m[2], m[3]
		key := spreadBy[table]
		filter := regexp.MustCompile(`\b` + key + ` = (\$[0-9]+|[a-z_]+\.[a-z_]+)`)
		switch {
		case cte != nil && cte[1] == table, table == "stdin", table == "set", slices.Contains(everywhere, table):
		case key == "":
			faults = append(faults, table+" has no column that spreads it; name it in this test and in docs/scale.md")
		case verb == "INTO" || verb == "COPY":
			if !regexp.MustCompile(`\b` + key + `\b`).MatchString(columns) {
				faults = append(faults, "new rows of "+table+" without "+key)
			}
		case !filter.MatchString(query):
			faults = append(faults, table+" is asked without its "+key)
		}
	}
	return faults
}

func TestAQueryWithoutItsColumnIsFound(t *testing.T) {
	for _, query := range []string{"SELECT seq FROM entry WHERE epoch = $1", "UPDATE account SET balance = 0 WHERE kind = $1",
		"INSERT INTO lot (unit, lot) VALUES ($1, $2)", "SELECT 1 FROM novelty WHERE store_id = $1"} {
		if len(unfiltered(query)) != 1 {
			t.Errorf("%s: %v", query, unfiltered(query))
		}
	}
}
