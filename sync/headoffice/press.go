package headoffice

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/devices/escpos/template"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// BatchOptions hold for every card of a batch.
type BatchOptions struct {
	Transport       card.TransportKeys
	LastDay         card.Day // 0: as usual
	PINAtTill       bool     // no PIN: the member chooses it
	PlainVerify     bool
	NoPINSingle     uint32
	NoPINCumulative uint32
	Letter          *template.Template // nil: the built-in one
	Letters         Letterbox          // nil: a file for each in the batch's folder
}

// ReadTransportKeys reads the keys that came with blanks.
func ReadTransportKeys(path string) (k card.TransportKeys, err error) {
	var file struct {
		Version byte           `json:"version"`
		Enc     store.HexBytes `json:"enc"`
		MAC     store.HexBytes `json:"mac"`
		DEK     store.HexBytes `json:"dek"` // not used
	}
	raw, err := os.ReadFile(path)
	if err == nil && len(raw) > maxRequest {
		err = fmt.Errorf("%s has %d bytes", path, len(raw))
	}
	if err == nil {
		err = decodeStrict(raw, &file)
	}
	if err == nil && (len(file.Enc) != len(k.Enc) || len(file.MAC) != len(k.MAC)) {
		err = fmt.Errorf("%s: enc and mac must have 32 hexadecimal digits", path)
	}
	if err != nil {
		return k, &FieldError{"transport-keys", `give a file such as {"version":1,"enc":"…","mac":"…","dek":"…"}`, err}
	}
	k.Version = file.Version
	copy(k.Enc[:], file.Enc)
	copy(k.MAC[:], file.MAC)
	return k, nil
}

// Batch is cards being made, one after the other. What it has done is on disk before each next step: a file for each card in its
// folder, and head office's register.
type Batch struct {
	m       Manager
	dir     string
	rows    []BatchRow
	options BatchOptions
	made    []Made // of each row
}

// Made is what is known of one card of a batch. It holds no secret.
type Made struct {
	Line        int              `json:"line"`
	Member      loyalty.MemberID `json:"member"`
	Number      string           `json:"number"` // masked
	Card        loyalty.CardID   `json:"card"`
	Certificate string           `json:"certificate"` // its hash
	Done        bool             `json:"done"`        // the card has said that it is active
	Letter      string           `json:"letter,omitempty"`
}

const (
	batchFile     = "batch.json"
	lettersFolder = "letters"
	cardsFolder   = "cards"
)

// OpenBatch begins a batch in a new folder, or goes on with the one that is there.
func (m Manager) OpenBatch(ctx context.Context, dir string, file []byte, options BatchOptions) (*Batch, error) {
	rows, err := ReadBatch(file)
	if err != nil {
		return nil, err
	}
	b := &Batch{m: m, dir: dir, rows: rows, options: options, made: make([]Made, len(rows))}
	if b.options.Letter == nil {
		if b.options.Letter, err = LetterTemplate(""); err != nil {
			return nil, err
		}
	}
	if b.options.Letters == nil {
		if b.options.Letters, err = newLetterFolder(dir); err != nil {
			return nil, err
		}
	}
	for _, folder := range []string{lettersFolder, cardsFolder} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, &FieldError{"out", "give a folder that can be written", err}
		}
	}
	if err := b.claim(file); err != nil {
		return nil, err
	}
	return b, b.plan(ctx)
}

// claim ties a folder to one list, so that another list never goes on with its cards.
func (b *Batch) claim(file []byte) error {
	sum := sha256.Sum256(file)
	mark := []byte(fmt.Sprintf("{\"list_sha256\":%q}\n", hex.EncodeToString(sum[:])))
	path := filepath.Join(b.dir, batchFile)
	err := writeNew(path, mark)
	if !errors.Is(err, ErrExists) {
		return err
	}
	have, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("open batch: %w", err)
	}
	if string(have) != string(mark) {
		return &FieldError{"out", "give a new folder, or the very list that the folder was begun with", fmt.Errorf("%s holds another batch", b.dir)}
	}
	return nil
}

// plan reads how far the batch has come: what its folder says, and what the register has of numbers that it says nothing of.
func (b *Batch) plan(ctx context.Context) error {
	in := planInput{}
	for i, row := range b.rows {
		raw, err := os.ReadFile(b.path(i))
		if err == nil {
			err = json.Unmarshal(raw, &b.made[i])
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read card of line %d: %w", row.Line, err)
		}
		in.Numbers = append(in.Numbers, b.m.Home.Keys.numberRef(row.Number))
	}
	var known []planRow
	if err := b.m.call(ctx, opPlan, in, &known); err != nil {
		return err
	}
	var taken loyalty.Errors
	for i, k := range known {
		if k.State != hodb.CardActive || b.made[i].Done {
			continue
		}
		if b.made[i].Card != k.Card { // not of this batch
			taken = append(taken, loyalty.DocError{Line: b.rows[i].Line, Column: 1, Field: "number",
				Problem: fmt.Sprintf("%s has card %v", b.rows[i].Number.Masked(), k.Card),
				Remedy:  `take it out of the list; a lost card is replaced with "headoffice card replace"`})
			continue
		}
		b.made[i].Done = true // it had told the register, and died before it told the folder
		if err := b.note(i); err != nil {
			return err
		}
	}
	if len(taken) > 0 {
		return taken
	}
	return nil
}

func (b *Batch) path(i int) string {
	return filepath.Join(b.dir, cardsFolder, fmt.Sprintf("%06d.json", b.rows[i].Line))
}

// note writes what is known of a card.
func (b *Batch) note(i int) error {
	doc, err := json.Marshal(b.made[i])
	if err == nil {
		err = replaceFile(b.path(i), append(doc, '\n'))
	}
	if err != nil {
		return fmt.Errorf("note card of line %d: %w", b.rows[i].Line, err)
	}
	return nil
}

// Count says how many cards are done, of how many.
func (b *Batch) Count() (done, all int) {
	for _, m := range b.made {
		if m.Done {
			done++
		}
	}
	return done, len(b.rows)
}

// Next is the row whose card is to be made next; false when all are done.
func (b *Batch) Next() (BatchRow, bool) {
	if i := b.next(); i >= 0 {
		return b.rows[i], true
	}
	return BatchRow{}, false
}

func (b *Batch) next() int {
	for i, m := range b.made {
		if !m.Done {
			return i
		}
	}
	return -1
}

// Why the card in the reader is not the next one of a batch.
var (
	ErrSomebodys = errors.New("card is a member's already")
	ErrGivenUp   = errors.New("card was given up while it was made")
	ErrStranger  = errors.New("card was not made here")
)

// Make makes the blank in the reader the next card; or finds that the card was made before its answer was lost, and says so to
// the register. A blank that fails stays blank, and the row waits.
func (b *Batch) Make(ctx context.Context, t card.Transmitter) (Made, error) {
	look, err := card.LookAt(ctx, t)
	if err != nil {
		return Made{}, err
	}
	if !look.Blank {
		return b.recover(ctx, look)
	}
	i := b.next()
	if i < 0 {
		return Made{}, errors.New("the batch is done")
	}
	blank, err := card.OpenBlank(ctx, t, b.options.Transport)
	if err != nil {
		return Made{}, err
	}
	defer blank.End()
	key, err := blank.GenerateKey(ctx)
	if err != nil {
		return Made{}, err
	}
	perso, err := b.prepare(ctx, i, key.Bytes())
	if err != nil {
		return Made{}, err
	}
	if err := blank.Store(ctx, perso); err != nil && !errors.Is(err, card.ErrOutcomeUnknown) {
		return Made{}, err
	}
	// What the card says now counts, not the answer that may have been lost.
	if look, err = card.LookAt(ctx, t); err != nil {
		return Made{}, err
	}
	return b.recover(ctx, look)
}

// Try proves that a blank takes the transport keys, and changes nothing.
func (b *Batch) Try(ctx context.Context, t card.Transmitter) error {
	blank, err := card.OpenBlank(ctx, t, b.options.Transport)
	if err == nil {
		blank.End()
	}
	return err
}

// prepare has the card certified, and puts its letter and what is known of it on disk. Only then may the card hear of it.
func (b *Batch) prepare(ctx context.Context, i int, point []byte) (p card.Personalisation, err error) {
	row, keys := b.rows[i], b.m.Home.Keys
	in := prepareInput{Member: row.Member, Tier: row.Tier, Language: row.Language, Number: keys.numberRef(row.Number),
		PublicKey: point, LastDay: b.options.LastDay}
	if b.options.PlainVerify {
		in.Flags = byte(card.PlainVerify)
	}
	var out cardOutcome
	if err := b.m.call(ctx, opPrepare, in, &out); err != nil {
		return p, err
	}
	p = card.Personalisation{Certificate: out.Certificate, KTX: keys.keyTX(out.Card), KLD: keys.keyLD(out.Card),
		Number: card.Number(row.Number.Digits()), Tier: out.Tier, Language: out.Language,
		NoPINSingle: b.options.NoPINSingle, NoPINCumulative: b.options.NoPINCumulative}
	if err := p.Scheme.UnmarshalText([]byte(b.m.Home.Settings.Scheme)); err != nil {
		return p, err
	}
	letter, err := b.secrets(ctx, i, &p)
	if err != nil {
		return p, err
	}
	cert, err := card.ParseCertificate(out.Certificate)
	if err != nil {
		return p, err
	}
	hash := cert.Hash()
	b.made[i] = Made{Line: row.Line, Member: out.Member, Number: row.Number.Masked(), Card: out.Card,
		Certificate: hex.EncodeToString(hash[:]), Letter: letter}
	return p, b.note(i)
}

// secrets draws PIN and PUK and sends the letter on its way; it gives the letter's place.
func (b *Batch) secrets(ctx context.Context, i int, p *card.Personalisation) (place string, err error) {
	var pin Secret
	if !b.options.PINAtTill {
		if pin, err = newSecret(b.m.Options.Entropy, pinDigits); err == nil {
			p.PIN, err = card.NewPIN([]byte(pin))
		}
		if err != nil {
			return "", err
		}
	}
	puk, err := newSecret(b.m.Options.Entropy, pukDigits)
	if err == nil {
		p.PUK, err = card.NewPIN([]byte(puk))
	}
	if err == nil {
		place, err = b.options.Letters.Put(ctx, b.rows[i].Line, letterOf(b.options.Letter, p.Language, b.rows[i].Number.Masked(), pin, puk))
	}
	if err != nil {
		return "", fmt.Errorf("letter of line %d: %w", b.rows[i].Line, err)
	}
	return place, nil
}

// recover judges an active card: one of this batch is done now, any other one is nobody's business here.
func (b *Batch) recover(ctx context.Context, look card.Look) (Made, error) {
	if look.Blank {
		return Made{}, fmt.Errorf("%w: it is blank still", card.ErrUnreadable)
	}
	var out finishOutcome
	in := finishInput{Card: loyalty.CardID(look.Card), Hash: look.Certificate[:]}
	if err := b.m.call(ctx, opFinish, in, &out); err != nil {
		return Made{}, err
	}
	switch {
	case out.State == "":
		return Made{}, fmt.Errorf("%w: %v", ErrStranger, look.Card)
	case out.State == hodb.CardGivenUp:
		return Made{}, fmt.Errorf("%w: %v", ErrGivenUp, look.Card)
	}
	for i := range b.made {
		if m := &b.made[i]; m.Card == in.Card && !m.Done && out.State == hodb.CardActive {
			m.Done = true
			return *m, b.note(i)
		}
	}
	return Made{}, fmt.Errorf("%w: %v", ErrSomebodys, look.Card)
}
