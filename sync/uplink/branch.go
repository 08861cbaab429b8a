package uplink

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sort"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/sync/wire"
)

// forked shows head office the store's branch, so that a person can decide; once somebody has, the next life is prepared.
func (u *Uplink) forked(ctx context.Context, answer wire.SessionAnswer) error {
	if answer.Next == nil || u.takeLife == nil {
		if err := u.showBranch(ctx, answer); err != nil {
			return err
		}
		return &errStop{StateForked}
	}
	own, err := u.db.HashAt(ctx, loyalty.Seq(answer.Next.From.Seq))
	if err != nil {
		return err
	}
	if own != answer.Next.From.Hash {
		return errFork
	}
	if err := u.takeLife(ctx, *answer.Next); err != nil {
		return err
	}
	return &errStop{StateDecided}
}

// showBranch sends what this log has behind the last entry that both have. What was shown before is not sent again.
func (u *Uplink) showBranch(ctx context.Context, answer wire.SessionAnswer) error {
	if u.shown == 0 {
		shared, err := u.lastShared(ctx, answer.Head.Seq)
		if err != nil {
			return err
		}
		if err := u.db.Parted(ctx, shared); err != nil {
			return err
		}
		u.shown = shared
	}
	for {
		r, err := u.db.EntriesFrom(ctx, u.shown+1, batchEntries, batchBytes)
		if err != nil || len(r.Bodies) == 0 {
			return err
		}
		_, err = u.office.Branch(ctx, &wire.Batch{Store: u.db.Store(), Epoch: u.db.Epoch(), Session: answer.Session, First: r.First,
			Prev: r.Prev, Head: r.Head, Bodies: r.Bodies})
		var p *wire.Problem
		if errors.As(err, &p) && p.Code == wire.CodeFork {
			return &errStop{StateForked} // another box has shown another branch: a person has both
		}
		if err != nil {
			return err
		}
		u.shown = r.Last()
	}
}

// lastShared finds the last entry that both logs have, by halves.
func (u *Uplink) lastShared(ctx context.Context, theirs loyalty.Seq) (loyalty.Seq, error) {
	head, err := u.db.Head(ctx)
	if err != nil {
		return 0, err
	}
	most := int(min(loyalty.Seq(head.Seq), theirs))
	var fault error
	parted := sort.Search(most, func(i int) bool { // the first entry that differs, less one
		if fault != nil {
			return true
		}
		same, err := u.shares(ctx, loyalty.Seq(i+1))
		fault = err
		return !same
	})
	return loyalty.Seq(parted), fault
}

// shares says whether head office has the same chain value at an entry.
func (u *Uplink) shares(ctx context.Context, seq loyalty.Seq) (bool, error) {
	own, err := u.db.HashAt(ctx, seq)
	if err != nil {
		return false, err
	}
	b, err := u.office.Entries(ctx, wire.EntriesQuery{Store: u.db.Store(), Epoch: u.db.Epoch(), From: seq + 1, Limit: 1})
	if err != nil {
		return false, err
	}
	return b.Prev == own, nil
}

// TakeLife asks for the certificate of the life that a decision gave, and writes its identity beside the one in use: the agent's
// next start begins it.
func (c *Client) TakeLife(ctx context.Context, next wire.NextLife) error {
	id := *c.identity
	id.Epoch, id.InstallID, id.Nonce, id.Grant, id.ForkedFrom = uint32(next.Epoch), next.InstallID, next.Nonce, next.Grant, &next.From
	grant := store.Grant{Store: id.Store, Epoch: id.Epoch, InstallID: id.InstallID, Nonce: id.Nonce}
	if err := grant.Verify(c.identity.PositionKey, next.Grant); err != nil {
		return fmt.Errorf("take next life: %w", err)
	}
	key, ok := c.cert.Load().PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return errors.New("take next life: the store's key is not of P-256")
	}
	cert, err := c.askCertificate(ctx, key, wire.RenewRequest{Epoch: next.Epoch})
	if err != nil {
		return fmt.Errorf("take next life: %w", err)
	}
	ca, err := readCA(c.identity)
	if err != nil {
		return err
	}
	of, epoch, err := checkCertificate(cert, ca, key, c.now())
	if err == nil && (uint32(of) != id.Store || epoch != next.Epoch) {
		err = errors.New("it is of another store")
	}
	if err != nil {
		return fmt.Errorf("certificate of the next life: %w", err)
	}
	return c.identity.PrepareNext(id, cert)
}

// Branch is wire.HeadOffice's.
func (c *Client) Branch(ctx context.Context, b *wire.Batch) (wire.Accepted, error) {
	var answer wire.Accepted
	packed := c.codec.PackBatch(b)
	err := c.call(ctx, batchTimeout, http.MethodPost, fmt.Sprintf("/v1/stores/%d/branch", b.Store), url.Values{}, packed.Header,
		packed.Content, decodeJSON(wire.MaxSessionBytes, &answer))
	if err != nil {
		return wire.Accepted{}, fmt.Errorf("show branch from %d: %w", b.First, err)
	}
	return answer, nil
}

// askCertificate asks for a certificate for the box's own key.
func (c *Client) askCertificate(ctx context.Context, key *ecdsa.PrivateKey, req wire.RenewRequest) ([]byte, error) {
	request, err := certificateRequest(key)
	if err != nil {
		return nil, err
	}
	req.Request = string(request)
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	var answer wire.RenewAnswer
	err = c.call(ctx, sessionTimeout, http.MethodPost, fmt.Sprintf("/v1/stores/%d/certificate", c.identity.Store), nil,
		http.Header{"Content-Type": {wire.TypeJSON}}, body, decodeJSON(wire.MaxEnrolReply, &answer))
	return []byte(answer.Certificate), err
}
