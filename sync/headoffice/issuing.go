package headoffice

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loyaltill/devices/card"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// The files of issuing keys, named by the key's id. The key is made here and never leaves; the statement is the root's.
const (
	issuingKeyFile       = "issuing-%v.key.pem"
	issuingStatementFile = "issuing-%v.statement"
)

const (
	issuingLife = 6 * 365 * 24 * time.Hour // a year of signing, and the five of the last card
	rotateAfter = 365 * 24 * time.Hour
	// startsBefore lets a store whose clock runs behind accept a new key at once.
	startsBefore = 24 * time.Hour
)

func (h *Home) keyPath(format string, id card.KeyID) string {
	return filepath.Join(h.Dir, keyFolder, fmt.Sprintf(format, id))
}

// makeIssuingKey makes a key pair and what the root is to be asked about it.
func (h *Home) makeIssuingKey(first, last time.Time) (in IssuingRequest, id card.KeyID, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return in, id, fmt.Errorf("make issuing key: %w", err)
	}
	if id, err = card.KeyIDOf(&key.PublicKey); err != nil {
		return in, id, err
	}
	if in.PublicKey, err = key.PublicKey.Bytes(); err != nil {
		return in, id, fmt.Errorf("make issuing key: %w", err)
	}
	if err := in.Scheme.UnmarshalText([]byte(h.Settings.Scheme)); err != nil {
		return in, id, err
	}
	in.FirstDay, in.LastDay = first.UTC().Format(time.DateOnly), last.UTC().Format(time.DateOnly)
	private, err := encodeKey(key)
	if err != nil {
		return in, id, err
	}
	return in, id, writeNew(h.keyPath(issuingKeyFile, id), private)
}

// firstIssuingKey begins a new head office whose root is at hand.
func (h *Home) firstIssuingKey(root *Root, now time.Time) error {
	in, id, err := h.makeIssuingKey(now.Add(-startsBefore), now.Add(issuingLife))
	if err != nil {
		return err
	}
	k, err := root.Sign(in)
	if err != nil {
		return err
	}
	return WriteStatement(h.keyPath(issuingStatementFile, id), k)
}

// issuingKey reads the private half of a key.
func (h *Home) issuingKey(id card.KeyID) (*ecdsa.PrivateKey, error) {
	r := keyReader{dir: filepath.Join(h.Dir, keyFolder)}
	key := r.p256(fmt.Sprintf(issuingKeyFile, id))
	return key, r.err
}

// importStatements brings the statements of the key folder into the books, so that a restored database knows them again.
func (o *Office) importStatements(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(o.home.Dir, keyFolder, strings.ReplaceAll(issuingStatementFile, "%v", "*")))
	if err != nil {
		return fmt.Errorf("look for issuing keys: %w", err)
	}
	for _, path := range files {
		statement, err := ReadStatement(path)
		if err != nil {
			return err
		}
		if err := o.putStatement(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// putStatement keeps a statement and sends it to the stores, unless it is known.
func (o *Office) putStatement(ctx context.Context, statement []byte) error {
	k, err := card.ParseIssuingKey(statement, o.home.Keys.cardRoot)
	if err != nil {
		return &FieldError{"statement", "give one that this head office's card root has signed", err}
	}
	row := hodb.Issuer{Key: k.ID(), Statement: statement, Revoked: k.Revoked}
	known := false
	err = o.db.View(ctx, func(tx *hodb.Tx) (err error) {
		known, err = tx.KnowsIssuer(row)
		return err
	})
	if err != nil || known {
		return err
	}
	return o.db.Update(ctx, func(tx *hodb.Tx) error { return tx.PutIssuer(row) })
}

type statementInput struct {
	Statement store.HexBytes `json:"statement"`
}

// IssuingKeyState is an issuing key as head office lists it.
type IssuingKeyState struct {
	Key      string `json:"key"`
	FirstDay string `json:"first_day"`
	LastDay  string `json:"last_day"`
	Revoked  bool   `json:"revoked"`
	Signs    bool   `json:"signs"` // new cards, from now on
	Cards    int    `json:"cards"` // whose certificates it has signed
	Rotate   string `json:"rotate,omitempty"`
}

// acceptStatement takes the root's word over: a new issuing key, or the end of one.
func (o *Office) acceptStatement(ctx context.Context, in statementInput) (out []IssuingKeyState, err error) {
	k, err := card.ParseIssuingKey(in.Statement, o.home.Keys.cardRoot)
	if err != nil {
		return nil, &FieldError{"statement", "give one that this head office's card root has signed", err}
	}
	if k.Scheme.String() != o.home.Settings.Scheme {
		return nil, &FieldError{"statement", "give one for scheme " + o.home.Settings.Scheme, fmt.Errorf("it is for scheme %v", k.Scheme)}
	}
	if _, err := o.home.issuingKey(k.ID()); err != nil && !k.Revoked {
		return nil, &FieldError{"statement", `have the root sign a key that was made here with "headoffice keys issue"`, err}
	}
	if old, err := ReadStatement(o.home.keyPath(issuingStatementFile, k.ID())); err == nil {
		if was, err := card.ParseIssuingKey(old, o.home.Keys.cardRoot); err == nil && was.Revoked && !k.Revoked {
			return nil, &FieldError{"statement", "a revoked key stays revoked; make a new one", fmt.Errorf("issuing key %v", k.ID())}
		}
	}
	// The file first: what the books lose in a restore comes back from it.
	if err := replaceFile(o.home.keyPath(issuingStatementFile, k.ID()), encodeHex(in.Statement)); err != nil {
		return nil, err
	}
	if err := o.putStatement(ctx, in.Statement); err != nil {
		return nil, err
	}
	return o.listIssuingKeys(ctx, none{})
}

// listIssuingKeys is what there is, oldest first.
func (o *Office) listIssuingKeys(ctx context.Context, _ none) (out []IssuingKeyState, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		keys, err := o.issuingKeys(tx)
		if err != nil {
			return err
		}
		signs, err := o.currentIssuer(tx)
		if err != nil && !errors.Is(err, errNoIssuer) {
			return err
		}
		counts, err := tx.CardsByIssuer()
		for _, k := range keys {
			s := IssuingKeyState{Key: k.ID().String(), FirstDay: k.FirstDay.Date().Format(time.DateOnly),
				LastDay: k.LastDay.Date().Format(time.DateOnly), Revoked: k.Revoked, Cards: counts[k.ID()]}
			if s.Signs = signs != nil && signs.ID() == k.ID(); s.Signs {
				s.Rotate = k.FirstDay.Date().Add(rotateAfter).Format(time.DateOnly)
			}
			out = append(out, s)
		}
		return err
	})
	return out, err
}

// issuingKeys reads every statement, oldest first.
func (o *Office) issuingKeys(tx *hodb.Tx) (keys []*card.IssuingKey, err error) {
	rows, err := tx.Issuers()
	for _, row := range rows {
		k, err := card.ParseIssuingKey(row.Statement, o.home.Keys.cardRoot)
		if err != nil {
			return nil, fmt.Errorf("issuing key %x in the books: %w", row.Key, err)
		}
		keys = append(keys, k)
	}
	slices.SortStableFunc(keys, func(a, b *card.IssuingKey) int { return cmp.Compare(a.FirstDay, b.FirstDay) })
	return keys, err
}

var errNoIssuer = errors.New("no issuing key is good today")

// currentIssuer is the newest key that is good today and whose private half is here.
func (o *Office) currentIssuer(tx *hodb.Tx) (*card.IssuingKey, error) {
	keys, err := o.issuingKeys(tx)
	if err != nil {
		return nil, err
	}
	today := card.DayOf(tx.Now())
	var best *card.IssuingKey
	for _, k := range keys {
		if k.Revoked || k.FirstDay > today || k.LastDay < today || best != nil && best.FirstDay > k.FirstDay { // of one day, the one that came last
			continue
		}
		if _, err := os.Stat(o.home.keyPath(issuingKeyFile, k.ID())); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		best = k
	}
	if best == nil {
		return nil, &FieldError{"keys", `make one with "headoffice keys issue" and have the root sign it`, errNoIssuer}
	}
	return best, nil
}
