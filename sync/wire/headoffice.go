package wire

import (
	"context"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// HeadOffice is what a store asks of head office. The server implements it on its database, the uplink's client over
// HTTP; what fails is a *Problem wherever head office gave an answer.
type HeadOffice interface {
	// OpenSession compares heads. Repeated with the same boot nonce it gives the same session.
	OpenSession(ctx context.Context, id loyalty.StoreID, req SessionRequest) (SessionAnswer, error)
	// Push appends a contiguous range of entries, or finds that it has them.
	Push(ctx context.Context, batch *Batch) (Accepted, error)
	// Entries gives a store its own entries back.
	Entries(ctx context.Context, q EntriesQuery) (*Batch, error)
	// Branch shows head office what a forked store has under numbers that head office knows otherwise; nothing of it is posted.
	Branch(ctx context.Context, batch *Batch) (Accepted, error)
	// Feed gives the changes after a cursor; with nothing new it waits up to q.Wait.
	Feed(ctx context.Context, q FeedQuery) (*FeedPage, error)
	// Snapshot names the parts of the whole feed at one moment, as this life of the store may see it.
	Snapshot(ctx context.Context, id loyalty.StoreID, epoch loyalty.Epoch) (*Snapshot, error)
	// SnapshotPart gives the content of a part, numbered from 1, as it is digested.
	SnapshotPart(ctx context.Context, id loyalty.StoreID, snapshot int64, part int) ([]byte, error)
}

// Verdict is head office's judgement of a store's head.
type Verdict string

const (
	VerdictInSync         Verdict = "in_sync"         // heads are equal
	VerdictAhead          Verdict = "ahead"           // the store has more: upload after the answer's head
	VerdictBehind         Verdict = "behind"          // head office has more of this very chain: fetch it
	VerdictForked         Verdict = "forked"          // same number, other entry: a person decides
	VerdictFenced         Verdict = "fenced"          // a newer session holds this epoch
	VerdictUnknownInstall Verdict = "unknown_install" // epoch or install id not enrolled, or epoch closed
	VerdictAheadOfGrant   Verdict = "ahead_of_grant"  // head office was restored to before this epoch: show the grant
)

// Head is the end of a log. Seq 0 stands for an empty log and carries the genesis value.
type Head struct {
	Seq  loyalty.Seq `json:"seq"`
	Hash store.Hash  `json:"hash"`
}

// SessionRequest opens a session.
type SessionRequest struct {
	Protocol  int           `json:"protocol"`
	Epoch     loyalty.Epoch `json:"epoch"`
	InstallID store.ID16    `json:"install_id"`
	BootNonce store.ID16    `json:"boot_nonce"` // new at each start of the agent
	Head      Head          `json:"head"`
	// Check is the store's own chain value at the head that head office named with the verdict ahead, sent when the two
	// differ: the proof of a fork that head office cannot see from the store's higher head.
	Check *Head `json:"check,omitempty"`
	// Signed is the newest position that head office signed: one that was restored from an older dump sees by it what it lost.
	Signed *SignedHead `json:"signed,omitempty"`
	// Grant answers the verdict ahead_of_grant.
	Grant *ShownGrant `json:"grant,omitempty"`

	Agent string `json:"agent"` // program and version
	Clock string `json:"clock"` // store's clock, UTC: 2026-11-22T08:15:00.123Z
}

// SessionAnswer is the verdict with head office's own head of this epoch.
type SessionAnswer struct {
	Protocol  int            `json:"protocol"`
	Session   uint64         `json:"session"`
	Verdict   Verdict        `json:"verdict"`
	Head      Head           `json:"head"`
	Signature store.HexBytes `json:"signature"`  // position signature over Head, empty with unknown_install
	FeedEpoch uint32         `json:"feed_epoch"` // the feed's life; changes after a restore of head office
	Clock     string         `json:"clock"`      // head office's clock, UTC

	Columns bool `json:"columns,omitempty"` // batches may come column by column

	Next *NextLife `json:"next,omitempty"` // with forked: what a person has decided
}

// SignedHead is a head with head office's signature over its position.
type SignedHead struct {
	Head
	Signature store.HexBytes `json:"signature"`
}

// ShownGrant is what a head office needs that has forgotten a life: the signed part of the grant that the request does not say
// elsewhere, and what the store is called.
type ShownGrant struct {
	Nonce     store.ID16     `json:"nonce"`
	Signature store.HexBytes `json:"signature"`
	Name      string         `json:"name"`
	TimeZone  string         `json:"time_zone"`
	DayCut    string         `json:"day_cut"`
	Language  string         `json:"language"`
}

// NextLife is the life in which a forked store goes on.
type NextLife struct {
	Epoch     loyalty.Epoch    `json:"epoch"`
	InstallID store.ID16       `json:"install_id"`
	Nonce     store.ID16       `json:"nonce"`
	Grant     store.HexBytes   `json:"grant"`
	From      store.ForkedFrom `json:"forked_from"`
}

// Accepted answers a batch.
type Accepted struct {
	AcceptedThrough loyalty.Seq    `json:"accepted_through"`
	HeadHash        store.Hash     `json:"head_hash"` // chain value at AcceptedThrough
	Signature       store.HexBytes `json:"signature"` // position signature over the two
	Replayed        bool           `json:"replayed,omitempty"`
}

// EntriesQuery asks for a store's own entries from From on.
type EntriesQuery struct {
	Store loyalty.StoreID
	Epoch loyalty.Epoch
	From  loyalty.Seq
	Limit int // 1 to MaxBatchEntries
}
