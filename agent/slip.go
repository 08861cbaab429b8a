package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/receipt"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// Slip prints how the account of whoever stands at the till stands, or of the number given. Nothing is booked.
func (a *Agent) Slip(ctx context.Context, n loyalty.LaneID, key loyalty.TxnID, number string) (Job, error) {
	return a.printed(ctx, n, key.String()+"/slip", func(l *lane) (paper, error) {
		who, err := a.whoFor(ctx, l, number)
		if err != nil {
			return paper{}, err
		}
		if who == nil {
			return paper{}, refuse(CodeCardNeeded, nil)
		}
		return a.balancePaper(ctx, l, who)
	})
}

// ReportX prints the totals of the business day so far; the day goes on.
func (a *Agent) ReportX(ctx context.Context, n loyalty.LaneID, key loyalty.TxnID) (Job, error) {
	return a.printed(ctx, n, key.String()+"/report", func(l *lane) (paper, error) {
		body, day, err := a.db.RunningDay(ctx)
		if errors.Is(err, agentdb.ErrEmptyDay) {
			return paper{}, refuse(CodeNothingToClose, err)
		}
		if err != nil {
			return paper{}, err
		}
		return a.dayTotals(l.cfg.Number, day, a.identity.Calendar().Local(a.now()), body, true), nil
	})
}

// printed queues a paper that no entry comes with. The key makes a retry the same job, whatever has changed meanwhile.
func (a *Agent) printed(ctx context.Context, n loyalty.LaneID, key string, what func(*lane) (paper, error)) (Job, error) {
	l, err := a.lane(n)
	if err != nil {
		return Job{}, err
	}
	if l.queue == nil {
		return Job{}, refuse(CodePrinterMissing, nil)
	}
	id, err := a.db.JobByKey(ctx, key)
	if errors.Is(err, agentdb.ErrNotFound) {
		id, err = a.queuePaper(ctx, l, key, what)
	}
	if err != nil {
		return Job{}, err
	}
	l.printSoon()
	return a.Job(ctx, id)
}

func (a *Agent) queuePaper(ctx context.Context, l *lane, key string, what func(*lane) (paper, error)) (int64, error) {
	p, err := what(l)
	if err != nil {
		return 0, err
	}
	doc, err := json.Marshal(p)
	if err != nil {
		return 0, err
	}
	return a.db.AddJob(ctx, agentdb.NewJob{Key: key, Class: p.class(), Printer: l.queue.name, Doc: doc, Expires: a.now().Add(keptFor(p.class()))})
}

// balancePaper is the account as this store knows it now, in the member's language.
func (a *Agent) balancePaper(ctx context.Context, l *lane, who *identified) (paper, error) {
	lang := a.languageOf(who.language)
	s, err := a.standing(ctx, l, who, lang)
	if err != nil {
		return paper{}, err
	}
	return paper{Balance: &receipt.Balance{
		Print: a.print(lang, s.programme), Lane: fmt.Sprint(l.cfg.Number), At: localTime(s.place.At), Account: s.Account,
	}}, nil
}

// tellProgramme adds what the programme makes of the member: tier, wallets, and how far it is to what comes next.
func tellProgramme(account *receipt.Account, p *loyalty.Programme, state *agentdb.State, today string, lang i18n.Lang) error {
	account.Tier = p.TierName(state.Tier, string(lang))
	account.Wallets = walletsHeld(p, state.Wallets, today, lang)
	if err := p.Recall(&state.MemberState, &state.Past, today); err != nil {
		return err
	}
	ahead := p.Outlook(&state.MemberState, today)
	account.Progress, account.Stamps = explained(lang, p, ahead.Tier), explained(lang, p, ahead.Stamps)
	if account.Balance <= 0 || state.Past.Last == "" {
		return nil
	}
	until, err := p.ActiveUntil(state.Past.Last)
	account.ActiveUntil = day(until)
	return err
}

// walletsHeld is what the member has beside points.
func walletsHeld(p *loyalty.Programme, wallets []loyalty.WalletState, today string, lang i18n.Lang) []receipt.Wallet {
	var all []receipt.Wallet
	for _, w := range wallets {
		if balance := loyalty.Balance(w.Lots); balance != 0 {
			all = append(all, receipt.Wallet{
				Name: p.NameOf(loyalty.ArgWallet, string(w.Wallet), string(lang)), Money: p.IsMoney(w.Wallet),
				Balance: balance, Ending: endingSoon(held(w.Lots, today), today),
			})
		}
	}
	return all
}
