package headoffice

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// erasedFile lists who was erased, a line each, beside the books: books that are restored from before an erasure erase again.
const erasedFile = "erased.ndjson"

// eraseInput asks for one person to be erased; without Yes only what it would be is told.
type eraseInput struct {
	Member loyalty.MemberID `json:"member"`
	Reason string           `json:"reason"`
	Yes    bool             `json:"yes"`
}

// ErasureOutcome is what of a person is, or was, erased, and what stays.
type ErasureOutcome struct {
	Member  loyalty.MemberID   `json:"member"`
	Parts   []loyalty.MemberID `json:"parts"`   // members who became part of this one: erased with him
	Numbers []string           `json:"numbers"` // masked; unknown afterwards
	Cards   []loyalty.CardID   `json:"cards"`   // blocked
	Points  loyalty.Points     `json:"points"`  // that nobody can spend any more; they stay in the accounts until they expire
	Erased  bool               `json:"erased"`  // false: nothing was changed
}

// Erase destroys the key of a member and all that says who the member was. What was bought and earned stays, under a number that is
// nobody's; every store does the same when it hears of it. There is no way back.
func (m Manager) Erase(ctx context.Context, id loyalty.MemberID, reason string, yes bool) (out ErasureOutcome, err error) {
	if reason == "" || len(reason) > maxReason {
		return out, &FieldError{"reason", fmt.Sprintf("say why, in 1 to %d bytes and without anything personal", maxReason), nil}
	}
	err = m.Home.call(ctx, m.Options, opErase, eraseInput{Member: id, Reason: reason, Yes: yes}, &out)
	return out, err
}

func (o *Office) erase(ctx context.Context, in eraseInput) (out ErasureOutcome, err error) {
	if err := o.db.View(ctx, func(tx *hodb.Tx) error {
		out, err = erasureOf(tx, in.Member)
		return err
	}); err != nil || !in.Yes {
		return out, err
	}
	all := append([]loyalty.MemberID{in.Member}, out.Parts...)
	if err := o.home.noteErased(all, in.Reason); err != nil { // first: what is noted happens, if need be at the next start
		return out, err
	}
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		for _, id := range all {
			done, err := tx.Erase(hodb.Erasure{Member: id, Reason: in.Reason})
			if err != nil {
				return err
			}
			out.Erased = out.Erased || done
		}
		return nil
	})
	if err == nil {
		err = o.db.Settle(ctx) // nothing of it in a log of the database
	}
	return out, err
}

// erasureOf says what erasing a member means, or why it cannot be.
func erasureOf(tx *hodb.Tx, id loyalty.MemberID) (out ErasureOutcome, err error) {
	row, err := readMember(tx, id, nil)
	if err != nil {
		return out, unknownMember(err)
	}
	went, err := tx.Went(id)
	switch {
	case err != nil:
		return out, err
	case went != nil:
		return out, &FieldError{"member", fmt.Sprintf("erase member %d, who this one is part of", went.Into), nil}
	case row.Leased > 0:
		return out, &FieldError{"member", `take the member's allowances back first: "headoffice lease list", "headoffice lease reclaim"`, nil}
	}
	out = ErasureOutcome{Member: id, Parts: []loyalty.MemberID{}, Numbers: row.Numbers, Cards: []loyalty.CardID{}, Points: row.Balance}
	for _, c := range row.Cards {
		out.Cards = append(out.Cards, c.ID)
	}
	for next := []loyalty.MemberID{id}; len(next) > 0; next = next[1:] {
		parts, err := tx.PartsOf(next[0])
		if err != nil {
			return out, err
		}
		for _, part := range parts {
			went, err := tx.Went(part)
			if err != nil {
				return out, err
			}
			if went != nil && went.Into == next[0] {
				out.Parts, next = append(out.Parts, part), append(next, part)
			}
		}
	}
	return out, nil
}

// erasedLine is a line of erasedFile.
type erasedLine struct {
	Member loyalty.MemberID `json:"member"`
	Reason string           `json:"reason"`
}

// noteErased adds to the list, durably.
func (h *Home) noteErased(members []loyalty.MemberID, reason string) (err error) {
	f, err := os.OpenFile(filepath.Join(h.Dir, erasedFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("note who is erased: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, id := range members {
		if err := enc.Encode(erasedLine{id, reason}); err != nil {
			return fmt.Errorf("note who is erased: %w", err)
		}
	}
	if _, err := f.Write(lines.Bytes()); err != nil {
		return fmt.Errorf("note who is erased: %w", err)
	}
	return f.Sync()
}

// eraseAgain erases in restored books whom the list beside them names. A line that was cut short was never acted on.
func (o *Office) eraseAgain(ctx context.Context) error {
	list, err := os.ReadFile(filepath.Join(o.home.Dir, erasedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("erase again: %w", err)
	}
	again := false
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		for lines := bufio.NewScanner(bytes.NewReader(list)); lines.Scan(); {
			var l erasedLine
			if json.Unmarshal(lines.Bytes(), &l) != nil || l.Member == 0 {
				continue
			}
			done, err := tx.Erase(hodb.Erasure{Member: l.Member, Reason: l.Reason})
			if err != nil {
				return err
			}
			again = again || done
		}
		return nil
	})
	if err == nil && again {
		err = o.db.Settle(ctx)
	}
	if err != nil {
		return fmt.Errorf("erase again: %w", err)
	}
	return nil
}
