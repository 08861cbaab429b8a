package hodb

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Check names what verify looks at.
type Check string

const (
	CheckChain     Check = "chain"      // every log recomputes from its first value to its head, without a gap
	CheckSignature Check = "signature"  // head office signed each head
	CheckPosted    Check = "posted"     // every entry up to the posted one was counted once, or a case says why not
	CheckBalanced  Check = "balanced"   // every posting, and all accounts together, sum to zero
	CheckAccounts  Check = "accounts"   // every account is the sum of its legs
	CheckLots      Check = "lots"       // lots are what the entries give in their order, and sum to the member's accounts
	CheckPast      Check = "past"       // a member's past is the sum of what the entries add, and stamps are what the accounts hold
	CheckTiers     Check = "tiers"      // a member's tier moves as the reviews of every day give
	CheckLeases    Check = "leases"     // what is open of allowances lies in the accounts for them
	CheckOverdraft Check = "overdrafts" // what was spent twice is a case each, and what the chain bears of it is booked to the store
	CheckVouchers  Check = "vouchers"   // every card's vouchers are numbered without a gap
	CheckPurses    Check = "purses"     // cards hold what they loaded less what they paid, and the books say so
	CheckCloses    Check = "closes"     // published days tile each log and their manifests hold
	CheckFiles     Check = "files"      // files of published days are those of their manifests, to the byte
)

// Finding is something that verify found wrong.
type Finding struct {
	Check   Check  `json:"check"`
	Where   string `json:"where"`
	Problem string `json:"problem"`
}

// maxFindings bounds a verify: by then nobody needs more.
const maxFindings = 1000

// Verify recomputes everything that can be recomputed from the logs, the legs and the rules for who is idle.
func (tx *Tx) Verify(idle Idle) ([]Finding, error) {
	v := &verifier{tx: tx, idle: idle}
	heads, err := tx.Heads()
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		if err := v.chain(h); err != nil {
			return v.found, fmt.Errorf("verify store %d epoch %d: %w", h.Store, h.Epoch, err)
		}
	}
	for _, check := range []func() error{v.posted, v.balanced, v.accounts, v.lots, v.leases, v.overdrafts, v.vouchers, v.purses, v.closes} {
		if err := check(); err != nil {
			return v.found, fmt.Errorf("verify: %w", err)
		}
	}
	return v.found, nil
}

type verifier struct {
	tx    *Tx
	idle  Idle
	found []Finding
}

func (v *verifier) report(check Check, where, format string, args ...any) {
	if len(v.found) < maxFindings {
		v.found = append(v.found, Finding{Check: check, Where: where, Problem: fmt.Sprintf(format, args...)})
	}
}

func (v *verifier) chain(h *Head) error {
	where := fmt.Sprintf("store %d epoch %d", h.Store, h.Epoch)
	hash, seq := h.Genesis(), loyalty.Seq(0)
	err := v.tx.EachEntry(Range{Store: h.Store, Epoch: h.Epoch, First: 0, Last: 1<<63 - 1}, func(e Entry) error {
		if e.Key.Seq != seq+1 {
			v.report(CheckChain, where, "entry %d follows entry %d", e.Key.Seq, seq)
		}
		if seq, hash = e.Key.Seq, hash.Next(e.Body); hash != e.Hash {
			v.report(CheckChain, where, "entry %d has another chain value than its bytes give", seq)
			hash = e.Hash
		}
		return nil
	})
	if err == nil && (seq != h.Seq || hash != h.Hash) {
		v.report(CheckChain, where, "the log ends at %d %v, its head says %d %v", seq, hash, h.Seq, h.Hash)
	}
	return err
}

// strange runs a query whose every row is something wrong, told by one text and one number.
func (v *verifier) strange(check Check, problem, query string) error {
	rows, err := collect(v.tx, func(scan func(...any) error) (f Finding, err error) {
		var n int64
		err = scan(&f.Where, &n)
		f.Check, f.Problem = check, fmt.Sprintf(problem, n)
		return f, err
	}, query+fmt.Sprintf(" LIMIT %d", maxFindings))
	v.found = append(v.found, rows...)
	return err
}

func (v *verifier) posted() error {
	err := v.strange(CheckPosted, "entry %d was neither counted nor set aside",
		`SELECT 'store ' || e.store_id || ' epoch ' || e.epoch, e.seq FROM entry e
		JOIN store_head h ON h.store_id = e.store_id AND h.epoch = e.epoch AND e.seq <= h.posted_seq
		LEFT JOIN case_file c ON c.store_id = e.store_id AND c.epoch = e.epoch AND c.seq = e.seq
		LEFT JOIN posted_txn p ON p.store_id = e.store_id AND p.epoch = e.epoch AND p.seq = e.seq
		WHERE c.case_no IS NULL AND p.seq IS NULL`)
	if err != nil {
		return err
	}
	return v.strange(CheckPosted, "entry %d was counted more than once",
		`SELECT 'store ' || store_id || ' epoch ' || epoch, seq FROM posted_txn GROUP BY store_id, epoch, seq HAVING COUNT(*) > 1`)
}

func (v *verifier) balanced() error {
	// Vouchers, under store 0 and epoch 0, are numbered by member, everything else by itself.
	err := v.strange(CheckBalanced, "its legs sum to %d",
		`SELECT 'store ' || store_id || ' epoch ' || epoch || ' seq ' || seq, CAST(SUM(amount) AS BIGINT) FROM leg
		GROUP BY store_id, epoch, seq, unit, CASE WHEN store_id = 0 AND epoch = 0 THEN owner_id ELSE 0 END HAVING SUM(amount) <> 0`)
	if err != nil {
		return err
	}
	return v.strange(CheckBalanced, "all accounts sum to %d",
		`SELECT unit, CAST(SUM(balance) AS BIGINT) FROM account GROUP BY unit HAVING SUM(balance) <> 0`)
}

func (v *verifier) accounts() error {
	return v.strange(CheckAccounts, "balance and legs differ by %d",
		`SELECT 'owner ' || owner_id || ' ' || kind || ' ' || unit, CAST(SUM(n) AS BIGINT) FROM (
			SELECT owner_id, kind, unit, balance AS n FROM account
			UNION ALL SELECT owner_id, kind, unit, -amount FROM leg) AS both_sides
		GROUP BY owner_id, kind, unit HAVING SUM(n) <> 0`)
}

func (v *verifier) lots() error {
	members, err := v.tx.Members()
	if err != nil {
		return err
	}
	for _, id := range members {
		units, err := v.tx.Units(id)
		if err != nil {
			return err
		}
		for _, unit := range units {
			if err := v.lotsOf(id, unit); err != nil {
				return err
			}
		}
		if err := v.past(id); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) lotsOf(id loyalty.MemberID, unit string) error {
	where := fmt.Sprintf("member %d %s", id, unit)
	lots, err := v.tx.Lots(id, unit)
	if err != nil {
		return err
	}
	effects, err := v.tx.effects(id, unit)
	if err != nil {
		return err
	}
	days, err := v.tx.days()
	if err != nil {
		return err
	}
	went, err := v.tx.Went(id)
	if err != nil {
		return err
	}
	for _, begun := range slices.Compact([]string{days.done, days.begun}) { // some members are a day ahead while its work goes on
		c := course{tx: v.tx, member: id, unit: unit, went: went, idle: v.idle, begun: begun}
		if err := c.follow(effects); err != nil {
			return err
		}
		missing, err := v.tx.unposted(id, unit, c.ended)
		if err != nil {
			return err
		}
		if slices.Equal(lots, c.lots) && len(missing) == 0 {
			break
		}
		if begun == days.begun {
			v.report(CheckLots, where, "lots are %v, the entries give %v; of what ended %v is not posted", lots, c.lots, missing)
		}
	}
	var held loyalty.Points
	if err := v.tx.one(`SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) FROM account WHERE owner_id = $1 AND unit = $2`, MemberOwner(id), unit)(&held); err != nil {
		return err
	}
	if sum := loyalty.Balance(lots); sum != held {
		v.report(CheckLots, where, "lots sum to %d, the accounts to %d", sum, held)
	}
	return nil
}

// past holds what is kept of a member's past against the steps of the entries.
func (v *verifier) past(id loyalty.MemberID) error {
	m, err := v.tx.Member(id)
	if err != nil || m.past.text == "" {
		return err
	}
	kept, err := v.tx.readPast(m)
	if err != nil {
		return err
	}
	m.past.text = ""
	want, err := v.tx.readPast(m)
	if err != nil {
		return err
	}
	for _, past := range []*loyalty.Past{&kept, &want} { // what was joined is joined in both
		past.Join(lastDay)
	}
	if !reflect.DeepEqual(kept, want) {
		v.report(CheckPast, fmt.Sprintf("member %d", id), "it is %+v, the entries give %+v", kept, want)
	}
	if m.Status == MemberErased {
		return nil
	}
	for _, c := range kept.Stamps {
		var held int64
		if err := v.tx.one(`SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) FROM account WHERE owner_id = $1 AND kind = $2`,
			HeadOffice, loyalty.AccountStamps(c.Stamp, id))(&held); err != nil {
			return err
		}
		if held != c.Count {
			v.report(CheckPast, fmt.Sprintf("member %d", id), "stamps of %s are %d, the account holds %d", c.Stamp, c.Count, held)
		}
	}
	return nil
}

// overdrafts holds what is kept of what was spent twice against its cases and the stores' accounts.
func (v *verifier) overdrafts() error {
	err := v.strange(CheckOverdraft, "entry %d took what was not there, and no case says so",
		`SELECT 'store ' || o.store_id || ' epoch ' || o.epoch, o.seq FROM overdraft o
		LEFT JOIN case_file c ON c.store_id = o.store_id AND c.epoch = o.epoch AND c.seq = o.seq AND c.kind = 'overdrawn' WHERE c.case_no IS NULL`)
	if err != nil {
		return err
	}
	return v.strange(CheckOverdraft, "what the chain bears and the store's account differ by %d",
		`SELECT 'store ' || store_id, CAST(SUM(n) AS BIGINT) FROM (
			SELECT store_id, points AS n FROM overdraft WHERE bears = 'chain'
			UNION ALL SELECT -owner_id, balance FROM account WHERE kind = 'overdrawn') AS both_sides
		GROUP BY store_id HAVING SUM(n) <> 0`)
}

// leases holds allowances against the accounts that their points lie in.
func (v *verifier) leases() error {
	return v.strange(CheckLeases, "the allowances and the account differ by %d",
		`SELECT where_it_is, CAST(SUM(n) AS BIGINT) FROM (
			SELECT 'member ' || member_id || ' lease/' || store_id AS where_it_is, granted - used AS n FROM lease WHERE state <> 'ended'
			UNION ALL SELECT 'member ' || owner_id || ' ' || kind, -balance FROM account WHERE kind LIKE 'lease/%') AS both_sides
		GROUP BY where_it_is HAVING SUM(n) <> 0`)
}

// lastDay is after every day.
const lastDay = "9999-12-31"

func (v *verifier) vouchers() error {
	return v.strange(CheckVouchers, "its last voucher is said to be %d",
		`SELECT 'card ' || `+fmt.Sprintf(v.tx.conn.dialect().hex, "c.card_id")+`, c.load_seq FROM card c LEFT JOIN voucher v ON v.card_id = c.card_id
		GROUP BY c.card_id, c.load_seq HAVING COUNT(v.seq) <> c.load_seq OR COALESCE(MAX(v.seq), 0) <> c.load_seq`)
}

func (v *verifier) closes() error {
	closes, err := v.tx.Closes(0, 1<<31-1)
	if err != nil {
		return err
	}
	next := map[[2]int64]loyalty.Seq{}
	for _, c := range closes {
		r, log := c.Range, [2]int64{int64(c.Range.Store), int64(c.Range.Epoch)}
		where := fmt.Sprintf("store %d day %s revision %d", r.Store, c.Day, c.Revision)
		if r.First != next[log]+1 {
			v.report(CheckCloses, where, "begins at %d, the close before ended at %d", r.First, next[log])
		}
		next[log] = r.Last
		h, err := v.tx.Head(r.Store, r.Epoch)
		if err != nil {
			return err
		}
		var at store.Hash
		if at, err = v.tx.HashAt(h, r.Last); err != nil {
			return err
		}
		if !bytes.Contains(c.Manifest, []byte(`"head_hash":"`+at.String()+`"`)) {
			v.report(CheckCloses, where, "its manifest does not name the chain value %v", at)
		}
	}
	return nil
}
