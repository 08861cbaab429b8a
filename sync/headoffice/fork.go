package headoffice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// Branch keeps what a forked store has under numbers that head office knows otherwise, so that a person can look at both. Nothing of
// it is posted, and its answer signs nothing.
func (o *Office) Branch(ctx context.Context, b *wire.Batch) (answer wire.Accepted, err error) {
	hashes, err := b.Hashes()
	if err != nil {
		return answer, err
	}
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		head, err := storeHead(tx, b.Store, b.Epoch)
		if err != nil {
			return err
		}
		answer, err = keepBranch(tx, head, b, hashes)
		return err
	})
	if err != nil {
		return wire.Accepted{}, fmt.Errorf("branch of store %d epoch %d from %d: %w", b.Store, b.Epoch, b.First, err)
	}
	return answer, nil
}

func keepBranch(tx *hodb.Tx, head *hodb.Head, b *wire.Batch, hashes []store.Hash) (answer wire.Accepted, err error) {
	if head.State != hodb.HeadForked {
		return answer, wire.NewProblem(wire.CodeBadRequest, "epoch %d of store %d is not forked", b.Epoch, b.Store)
	}
	kept, err := tx.Branch(head)
	if err != nil {
		return answer, err
	}
	other := wire.NewProblem(wire.CodeFork, "another branch of store %d epoch %d is known from %d on", b.Store, b.Epoch, kept.First)
	skip := 0
	switch {
	case kept.Last == 0:
		if b.First > head.Seq+1 {
			return answer, wire.NewProblem(wire.CodeBadRequest, "begin with the first entry behind what both have")
		}
		if before, err := tx.HashAt(head, b.First-1); err != nil || before != b.Prev {
			return answer, errors.Join(err, other)
		}
	case b.First < kept.First:
		return answer, other
	case b.First > kept.Last+1:
		p := wire.NewProblem(wire.CodeGap, "entries %d to %d are missing", kept.Last+1, b.First-1)
		p.Expected = kept.Last + 1
		return answer, p
	default:
		known := min(kept.Last, b.Last())
		if skip = int(known - b.First + 1); skip > 0 {
			if theirs, err := tx.BranchHashAt(head, known); err != nil || theirs != hashes[skip-1] {
				return answer, errors.Join(err, other)
			}
		} else if b.Prev != kept.Hash {
			return answer, other
		}
	}
	if answer.Replayed = skip == len(b.Bodies); answer.Replayed {
		return wire.Accepted{AcceptedThrough: kept.Last, HeadHash: kept.Hash, Replayed: true}, nil
	}
	err = tx.AppendBranch(head, b.First+loyalty.Seq(skip), b.Bodies[skip:], hashes[skip:])
	return wire.Accepted{AcceptedThrough: b.Last(), HeadHash: b.Head}, err
}

type forkInput struct {
	Store loyalty.StoreID `json:"store"`
	Epoch loyalty.Epoch   `json:"epoch"` // 0: the newest
	Note  string          `json:"note,omitempty"`
}

// Fork is both branches of a life, as a person has to see them to decide.
type Fork struct {
	Store      loyalty.StoreID `json:"store"`
	Epoch      loyalty.Epoch   `json:"epoch"`
	State      hodb.HeadState  `json:"state"`
	Shared     loyalty.Seq     `json:"shared"` // the last entry that both have
	HeadOffice BranchReport    `json:"head_office"`
	Box        BranchReport    `json:"box"`
	Both       []TxnReport     `json:"both"`           // transactions of the box that head office has counted: they will not count again
	Next       loyalty.Epoch   `json:"next,omitempty"` // the life that was decided
}

// BranchReport sums up one branch.
type BranchReport struct {
	First   loyalty.Seq    `json:"first"`
	Last    loyalty.Seq    `json:"last"`
	Count   int            `json:"count"`
	Members []MemberChange `json:"members"` // touched, with what their points change by
	Entries []EntryReport  `json:"entries"` // the first of them, up to 1000
}

// MemberChange is what a branch does to one member's points.
type MemberChange struct {
	Member loyalty.MemberID `json:"member"`
	Points loyalty.Points   `json:"points"`
}

// EntryReport is one entry in a line.
type EntryReport struct {
	Seq    loyalty.Seq      `json:"seq"`
	Kind   loyalty.Kind     `json:"kind"`
	Txn    loyalty.TxnID    `json:"txn"`
	At     string           `json:"at"`
	Lane   loyalty.LaneID   `json:"lane"`
	Member loyalty.MemberID `json:"member,omitempty"`
}

// TxnReport is a transaction that both branches tell.
type TxnReport struct {
	Txn        loyalty.TxnID `json:"txn"`
	Box        loyalty.Seq   `json:"box"`
	HeadOffice hodb.EntryKey `json:"head_office"`
}

// maxForkEntries bounds what is listed of a branch; sums are of all.
const maxForkEntries = 1000

func (o *Office) showFork(ctx context.Context, in forkInput) (f Fork, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		head, err := forked(tx, in)
		if err != nil {
			return err
		}
		f, err = readFork(tx, head)
		return err
	})
	return f, err
}

// forked finds the life that is meant.
func forked(tx *hodb.Tx, in forkInput) (*hodb.Head, error) {
	epoch := in.Epoch
	if epoch == 0 {
		var err error
		if epoch, err = tx.NewestEpoch(in.Store); err != nil {
			return nil, err
		}
	}
	head, err := tx.Head(in.Store, epoch)
	if errors.Is(err, hodb.ErrNotFound) {
		return nil, &FieldError{"store", "give a store and epoch of the report", err}
	}
	return head, err
}

func readFork(tx *hodb.Tx, head *hodb.Head) (f Fork, err error) {
	f = Fork{Store: head.Store, Epoch: head.Epoch, State: head.State, Shared: head.Seq, Both: []TxnReport{}}
	kept, err := tx.Branch(head)
	if err != nil {
		return f, err
	}
	if kept.Last > 0 {
		f.Shared = kept.First - 1
	}
	next, err := tx.Follower(head.Store, head.Epoch)
	if err == nil {
		f.Next = next.Epoch
	} else if !errors.Is(err, hodb.ErrNotFound) {
		return f, err
	}
	ours, box := newBranchSum(), newBranchSum()
	err = tx.EachEntry(hodb.Range{Store: head.Store, Epoch: head.Epoch, First: f.Shared + 1, Last: head.Seq}, func(e hodb.Entry) error {
		ours.add(e)
		return nil
	})
	if err != nil {
		return f, err
	}
	if err := tx.EachBranch(head, func(e hodb.Entry) error { box.add(e); return nil }); err != nil {
		return f, err
	}
	f.HeadOffice, f.Box = ours.report(), box.report()
	return f, f.readBoth(tx, box.txns)
}

// readBoth lists the transactions of the box that were counted, in the forked life or before it.
func (f *Fork) readBoth(tx *hodb.Tx, told []TxnReport) error {
	for _, t := range told {
		k, err := tx.TxnPosted(f.Store, t.Txn)
		switch {
		case errors.Is(err, hodb.ErrNotFound) || err == nil && k.Epoch > f.Epoch:
			continue
		case err != nil:
			return err
		}
		t.HeadOffice = k
		f.Both = append(f.Both, t)
	}
	return nil
}

// branchSum adds a branch up. A body that cannot be read is listed by its number alone.
type branchSum struct {
	r       BranchReport
	members map[loyalty.MemberID]loyalty.Points
	txns    []TxnReport
}

func newBranchSum() *branchSum {
	return &branchSum{r: BranchReport{Members: []MemberChange{}, Entries: []EntryReport{}}, members: map[loyalty.MemberID]loyalty.Points{}}
}

func (s *branchSum) add(raw hodb.Entry) {
	if s.r.Count++; s.r.First == 0 {
		s.r.First = raw.Key.Seq
	}
	s.r.Last = raw.Key.Seq
	line := EntryReport{Seq: raw.Key.Seq}
	if e, err := loyalty.DecodeEntry(raw.Body); err == nil {
		line.Kind, line.Txn, line.At, line.Lane, line.Member = e.Kind, e.Txn, e.At, e.Lane, e.Member
		s.txns = append(s.txns, TxnReport{Txn: e.Txn, Box: e.Seq})
		s.points(e)
	}
	if len(s.r.Entries) < maxForkEntries {
		s.r.Entries = append(s.r.Entries, line)
	}
}

func (s *branchSum) points(e *loyalty.Entry) {
	if e.Member != 0 {
		s.members[e.Member] += 0 // touched, also without points
	}
	for _, m := range e.Moves {
		for account, points := range map[string]loyalty.Points{m.From: -m.Points, m.To: m.Points} {
			if member, wallet, ok := loyalty.AccountWallet(account); ok && wallet == loyalty.MainWallet {
				s.members[member] += points
			}
		}
	}
}

func (s *branchSum) report() BranchReport {
	for id, points := range s.members {
		s.r.Members = append(s.r.Members, MemberChange{id, points})
	}
	slices.SortFunc(s.r.Members, func(a, b MemberChange) int { return int(a.Member - b.Member) })
	return s.r
}

// resolveFork lets a forked store go on: in a new life it tells its branch again, with the same transactions. What head office has of
// the forked life stays as it is.
func (o *Office) resolveFork(ctx context.Context, in forkInput) (f Fork, err error) {
	var nonce store.ID16
	if _, err := io.ReadFull(o.entropy, nonce[:]); err != nil {
		return f, fmt.Errorf("decide fork of store %d: %w", in.Store, err)
	}
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		head, err := forked(tx, in)
		if err != nil {
			return err
		}
		kept, err := tx.Branch(head)
		if err != nil {
			return err
		}
		if err := decidable(head, kept); err != nil {
			return err
		}
		next, err := tx.OpenEpoch(head.Store, head.InstallID, nonce)
		if err == nil {
			err = tx.Follow(next, head, kept.First-1, in.Note)
		}
		if err == nil {
			err = o.provide(tx, next.Store, next.Epoch)
		}
		if err != nil {
			return err
		}
		f, err = readFork(tx, head)
		return err
	})
	return f, err
}

// decidable says what stands against a decision.
func decidable(head *hodb.Head, kept hodb.Branch) error {
	switch {
	case head.Quarantined:
		return &FieldError{"store", `two boxes speak for it: find out which is the store's, and enrol that one with a new code ("headoffice enrol --code")`, errors.New("a copied box")}
	case head.State != hodb.HeadForked:
		return &FieldError{"store", "there is nothing to decide", fmt.Errorf("epoch %d of store %d is %s", head.Epoch, head.Store, head.State)}
	case kept.Last == 0:
		return &FieldError{"store", `wait until the box is in reach and has shown its branch, or enrol a new one with a code ("headoffice enrol --code")`, errors.New("the box has not shown its branch")}
	}
	return nil
}

// firstTold is where an entry stood when it was written: in the life before, when its own followed a fork.
func (j *judge) firstTold(m *matter) (hodb.EntryKey, error) {
	was := m.entry.Was
	if was == nil || was.Store != m.key.Store || was.Epoch >= m.key.Epoch {
		return m.key, nil
	}
	head, err := j.tx.Head(m.key.Store, m.key.Epoch)
	if err != nil || head.FromEpoch == 0 {
		return m.key, err
	}
	return hodb.EntryKey(*was), nil
}

// nextLife is what a forked store is told once a person has decided; nil before.
func (o *Office) nextLife(tx *hodb.Tx, head *hodb.Head) (*wire.NextLife, error) {
	next, err := tx.Follower(head.Store, head.Epoch)
	if errors.Is(err, hodb.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	hash, err := tx.HashAt(head, next.FromSeq)
	if err != nil {
		return nil, err
	}
	return &wire.NextLife{Epoch: next.Epoch, InstallID: next.InstallID, Nonce: next.Nonce, Grant: grantOf(next).Sign(o.home.Keys.position),
		From: store.ForkedFrom{Epoch: uint32(head.Epoch), Seq: int64(next.FromSeq), Hash: hash}}, nil
}

// ShowFork explains both branches of a forked store; epoch 0 is its newest.
func (m Manager) ShowFork(ctx context.Context, id loyalty.StoreID, epoch loyalty.Epoch) (f Fork, err error) {
	err = m.call(ctx, opFork, forkInput{Store: id, Epoch: epoch}, &f)
	return f, err
}

// ResolveFork lets a forked store go on with its branch in a new life.
func (m Manager) ResolveFork(ctx context.Context, id loyalty.StoreID, epoch loyalty.Epoch, note string) (f Fork, err error) {
	if note == "" || len(note) > maxReason {
		return f, &FieldError{"note", fmt.Sprintf("say why, in 1 to %d bytes", maxReason), nil}
	}
	err = m.call(ctx, opResolve, forkInput{id, epoch, note}, &f)
	return f, err
}
