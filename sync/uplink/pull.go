package uplink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

const (
	feedRows = 2000
	feedWait = 25 * time.Second
)

// pull follows the feed for ever.
func (u *Uplink) pull(ctx context.Context) {
	wait := newPatience()
	again := false    // a damaged page is asked for once more at once
	answered := false // the last time: else the first answer says at once that head office is there, be it that nothing is new
	for ctx.Err() == nil {
		err := u.pullPage(ctx, answered)
		if ctx.Err() != nil {
			return
		}
		if answered = err == nil; answered {
			wait.Reset()
			again = false
			continue
		}
		pause := wait.after(err)
		switch wire.ClassOf(err) {
		case wire.AgainNow:
			if !again {
				again = true
				continue
			}
			u.board.setFeed(StateOffline, err)
		case wire.StopAndTell:
			u.board.setFeed(StateRefused, err)
			pause = max(pause, recheck)
		default:
			u.board.setFeed(StateOffline, err)
		}
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// pullPage asks for the changes after the copy's cursor and takes them over. It may wait at head office while there are none.
func (u *Uplink) pullPage(ctx context.Context, mayWait bool) error {
	pos, err := u.db.FeedPosition(ctx)
	if err != nil {
		return err
	}
	q := wire.FeedQuery{Store: u.db.Store(), Epoch: pos.Epoch, After: pos.Cursor, Limit: feedRows}
	if pos.Complete && mayWait {
		q.Wait = u.listen
	}
	asked := u.now()
	page, err := u.office.Feed(ctx, q)
	var p *wire.Problem
	if errors.As(err, &p) && p.Class() == wire.RestartFeed && p.FeedEpoch != 0 && p.FeedEpoch != q.Epoch {
		q.Epoch, q.After, q.Wait = p.FeedEpoch, 0, 0
		page, err = u.office.Feed(ctx, q)
	}
	if wire.ClassOf(err) == wire.TakeSnapshot && err != nil {
		return u.takeSnapshot(ctx)
	}
	if err != nil {
		return err
	}
	changes, err := changesOf(page.Rows)
	if err != nil {
		return err
	}
	_, err = u.db.ApplyFeed(ctx, agentdb.FeedPage{Epoch: page.Epoch, After: q.After, Next: page.Next, UpToDate: page.UpToDate,
		Changes: changes, Asked: asked})
	if err == nil {
		err = u.db.EndLeases(ctx)
	}
	if err != nil {
		return err
	}
	state := StateFetching
	if page.UpToDate {
		state = StateInSync
	}
	u.board.setFeed(state, nil)
	return nil
}

// changesOf turns rows of the wire into changes of the copy.
func changesOf(rows []wire.FeedRow) ([]agentdb.Change, error) {
	out := make([]agentdb.Change, len(rows))
	for i := range rows {
		r := &rows[i]
		c := agentdb.Change{Seq: r.Seq}
		switch r.Topic {
		case wire.TopicMember:
			c.Member = memberOf(r.Member)
		case wire.TopicProgramme:
			p := r.Programme
			c.Programme = &agentdb.Programme{ID: p.ID, ValidFrom: p.ValidFrom, Document: p.Document, Signature: p.Signature, PublishedAt: p.Published}
		case wire.TopicHot:
			c.Hot = &agentdb.Hot{Card: r.Hot.Card, Blocked: r.Hot.Blocked, Reason: r.Hot.Reason}
		case wire.TopicVoucher:
			v := r.Voucher
			c.Voucher = &agentdb.Voucher{Card: v.Card, Seq: v.Seq, Kind: v.Kind, Amount: v.Amount}
			copy(c.Voucher.Ref[:], v.Ref)
			copy(c.Voucher.MAC[:], v.MAC)
		case wire.TopicIssuer:
			c.Issuer = &agentdb.Issuer{Statement: r.Issuer.Statement, Revoked: r.Issuer.Revoked}
			copy(c.Issuer.Key[:], r.Issuer.Key)
		case wire.TopicRenewal:
			c.Renewal = &agentdb.Renewal{Card: r.Renewal.Card, Certificate: r.Renewal.Certificate}
			copy(c.Renewal.MAC[:], r.Renewal.MAC)
		case wire.TopicRange:
			n := r.Range
			c.Range = &agentdb.MemberRange{Store: n.Store, Epoch: n.Epoch, Keys: n.Keys,
				MemberRange: loyalty.MemberRange{First: n.First, Last: n.Last}}
		case wire.TopicCoupon:
			c.Coupon = &agentdb.CouponElsewhere{Serial: r.Coupon.Serial, Used: r.Coupon.Used, Void: r.Coupon.Void}
		case wire.TopicLease:
			l := r.Lease
			c.Lease = &agentdb.Lease{No: l.Lease, Member: l.Member, Granted: l.Granted, Used: l.Used,
				Left: time.Duration(l.Seconds) * time.Second, Reclaim: l.Reclaim}
		case wire.TopicWatermark:
			c.Watermark = &agentdb.Watermark{Store: r.Watermark.Store, Epoch: r.Watermark.Epoch, Seq: r.Watermark.Seq}
		default:
			return nil, fmt.Errorf("feed row %d: topic %q", r.Seq, r.Topic)
		}
		out[i] = c
	}
	return out, nil
}

func memberOf(r *wire.MemberRow) *agentdb.Member {
	m := &agentdb.Member{ID: r.ID, Status: agentdb.MemberStatus(r.Status), Tier: r.Tier, Language: r.Language,
		Balance: r.Balance, Lots: r.Lots, Through: r.Through, Cards: r.Cards, Elsewhere: r.Elsewhere, Key: r.Key, Forgotten: r.Forgotten}
	for _, w := range r.Wallets {
		m.Wallets = append(m.Wallets, agentdb.Wallet(w))
	}
	if r.Past != nil {
		m.Past = *r.Past
	}
	for _, k := range r.Known {
		m.Known = append(m.Known, agentdb.KnownCard(k))
	}
	for _, n := range r.Numbers {
		m.Numbers = append(m.Numbers, agentdb.Number{HMAC: n.HMAC, Masked: n.Masked})
	}
	return m
}
