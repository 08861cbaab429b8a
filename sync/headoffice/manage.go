package headoffice

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// Manager has administrative work done on a head office, whether its server runs or not.
type Manager struct {
	Home    *Home
	Options Options
	Office  *Office // whose books this process has open; nil: they are opened for each work, or the server that has them does it
}

// Enrolment is what a store's identity says.
type Enrolment struct {
	Store      loyalty.StoreID
	Name       string
	TimeZone   string
	DayCut     string // HH:MM at which a business day begins; empty is midnight
	Language   string
	HeadOffice string // https address
}

const maxStoreName = 80

func (e Enrolment) check() error {
	if err := e.checkStore(); err != nil {
		return err
	}
	return checkAddress("head-office", e.HeadOffice)
}

func (e Enrolment) checkStore() error {
	if e.Store == 0 {
		return &FieldError{"store", "give a number from 1", nil}
	}
	if e.Name == "" || len(e.Name) > maxStoreName {
		return &FieldError{"name", fmt.Sprintf("give a name of 1 to %d bytes", maxStoreName), nil}
	}
	if _, err := time.LoadLocation(e.TimeZone); err != nil || e.TimeZone == "" || e.TimeZone == "Local" {
		return &FieldError{"time-zone", "give a name such as Europe/Riga", fmt.Errorf("%q", e.TimeZone)}
	}
	if _, err := time.Parse("15:04", e.DayCut); err != nil && e.DayCut != "" {
		return &FieldError{"day-cut", "give a time such as 04:00", fmt.Errorf("%q", e.DayCut)}
	}
	return checkLanguage(e.Language)
}

func checkAddress(field, s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return &FieldError{field, "give an address such as https://ho.example.org:8443", fmt.Errorf("%q", s)}
	}
	return nil
}

// Enrol begins a new life of a store's log and writes the identity folder for its box. An earlier box of the store can no
// longer upload.
func (m Manager) Enrol(ctx context.Context, e Enrolment, dir string) (loyalty.Epoch, error) {
	if err := e.check(); err != nil {
		return 0, err
	}
	if err := mustBeFree(dir); err != nil {
		return 0, err
	}
	var out enrolOutcome
	if err := m.call(ctx, opEnrol, e.input(), &out); err != nil {
		return 0, err
	}
	keys := m.Home.Keys
	own, err := keys.issueClient(client{store: e.Store, epoch: out.Epoch}, m.Options.Clock())
	if err != nil {
		return 0, err
	}
	id, err := m.Home.identity(e.input(), out)
	if err != nil {
		return 0, err
	}
	files := store.IdentityFiles{Cert: own.certPEM, Key: own.keyPEM, CA: keys.caPEM(), NumberKey: keys.number[:]}
	if err := store.WriteIdentity(dir, id, files); err != nil {
		return 0, fmt.Errorf("enrol store %d: %w; enrol it again into another folder", e.Store, err)
	}
	return out.Epoch, nil
}

func (e Enrolment) input() enrolInput {
	return enrolInput{Store: e.Store, Name: e.Name, TimeZone: e.TimeZone, DayCut: e.DayCut, Language: e.Language,
		HeadOffice: strings.TrimSuffix(e.HeadOffice, "/")}
}

// identity is what a box is told of itself and of head office.
func (h *Home) identity(in enrolInput, out enrolOutcome) (store.Identity, error) {
	root, err := h.Keys.CardRoot().Bytes()
	if err != nil {
		return store.Identity{}, fmt.Errorf("enrol store %d: %w", in.Store, err)
	}
	return store.Identity{
		Store: uint32(in.Store), Name: in.Name, Epoch: uint32(out.Epoch), InstallID: out.InstallID, Nonce: out.Nonce,
		TimeZone: in.TimeZone, DayCut: in.DayCut, Currency: h.Settings.Currency, Language: in.Language,
		HeadOffice: in.HeadOffice, Scheme: h.Settings.Scheme,
		CardRoot: root, PositionKey: store.HexBytes(h.Keys.PositionKey()), Grant: out.Grant,
	}, nil
}

// MakeCode makes a code with which a store's next box enrols itself; the one that the store had before is over.
func (m Manager) MakeCode(ctx context.Context, e Enrolment, life time.Duration) (out Code, err error) {
	if err := e.checkStore(); err != nil {
		return out, err
	}
	if e.HeadOffice != "" {
		if err := checkAddress("head-office", e.HeadOffice); err != nil {
			return out, err
		}
	}
	if life < minCodeLife || life > maxCodeLife {
		return out, &FieldError{"valid", fmt.Sprintf("give %v to %v", minCodeLife, maxCodeLife), nil}
	}
	err = m.call(ctx, opCode, codeInput{e.input(), life}, &out)
	return out, err
}

// mustBeFree refuses a folder that has something in it.
func mustBeFree(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into %s: %w", dir, err)
	}
	if len(entries) > 0 {
		return &FieldError{"out", "give a new or empty folder; nothing is ever replaced", fmt.Errorf("%s is not empty", dir)}
	}
	return nil
}

// The files of a back office's identity folder.
const (
	backOfficeFile = "backoffice.json"
	backOfficeCert = "backoffice.crt"
	backOfficeKey  = "backoffice.key"
)

// backOffice is who a back office is, and the key that closed days must be signed with.
type backOffice struct {
	Name        string         `json:"name"`
	PositionKey store.HexBytes `json:"position_key"`
}

// EnrolBackOffice writes the identity folder of a back office, which may pull closed days and nothing else.
func (m Manager) EnrolBackOffice(name, dir string) error {
	if err := checkName(name); err != nil {
		return &FieldError{"backoffice", "give another name", err}
	}
	if err := mustBeFree(dir); err != nil {
		return err
	}
	keys := m.Home.Keys
	own, err := keys.issueClient(client{backOffice: name}, m.Options.Clock())
	if err != nil {
		return err
	}
	doc, err := json.MarshalIndent(backOffice{Name: name, PositionKey: store.HexBytes(keys.PositionKey())}, "", "  ")
	if err != nil {
		return fmt.Errorf("enrol back office: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("enrol back office: %w", err)
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{backOfficeKey, own.keyPEM}, {backOfficeCert, own.certPEM}, {store.CAFile, keys.caPEM()}, {backOfficeFile, append(doc, '\n')}} {
		if err := writeNew(filepath.Join(dir, f.name), f.data); err != nil {
			return fmt.Errorf("enrol back office: %w", err)
		}
	}
	return nil
}

// maxTier bounds a tier's id.
const maxTier = 40

// NewMember is a member to be entered.
type NewMember struct {
	Number         loyalty.CardNumber
	Tier, Language string
	Birthday       string // 02-29 or 1992-02-29; empty: not known
	Joined         string // day; empty: not known
}

// AddMember enters a member with a printed number. The number leaves this process only as a keyed hash.
func (m Manager) AddMember(ctx context.Context, n NewMember) (loyalty.MemberID, error) {
	if err := checkLanguage(n.Language); err != nil {
		return 0, err
	}
	if len(n.Tier) > maxTier {
		return 0, &FieldError{"tier", fmt.Sprintf("give the id of a tier, at most %d bytes", maxTier), nil}
	}
	birthday := n.Birthday
	if len(birthday) == len("02-29") {
		birthday = "1972-" + birthday // a year that has every day
	}
	for _, day := range []struct{ field, text string }{{"birthday", birthday}, {"joined", n.Joined}} {
		if _, err := time.Parse(time.DateOnly, day.text); err != nil && day.text != "" {
			return 0, &FieldError{day.field, "give a day such as 1992-02-29, a birthday also as 02-29", fmt.Errorf("%q", day.text)}
		}
	}
	var out memberOutcome
	in := memberInput{Number: m.Home.Keys.numberRef(n.Number), Tier: n.Tier, Language: n.Language, Birthday: n.Birthday, Joined: n.Joined}
	err := m.call(ctx, opMember, in, &out)
	return out.Member, err
}

// NewCard is a card to be made for a member.
type NewCard struct {
	Member          loyalty.MemberID
	Number          loyalty.CardNumber
	PublicKey       []byte // the card's own, uncompressed
	PIN, PUK        Secret
	ValidThrough    time.Time // zero: five years
	PlainVerify     bool      // a pinpad may check the PIN outside the session
	NoPINSingle     uint32    // points that one debit may take without the PIN
	NoPINCumulative uint32    // and all debits since the last PIN
}

// Secret is a PIN or PUK. It prints as stars and is written only into the file that the card reads.
type Secret string

// Format prints stars for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }

// personalisation is the file of card.md 6.
type personalisation struct {
	CardID          loyalty.CardID `json:"card_id"`
	Certificate     store.HexBytes `json:"certificate"`
	KTX             string         `json:"k_tx"`
	KLD             string         `json:"k_ld"`
	Number          string         `json:"number"`
	Scheme          string         `json:"scheme"`
	Tier            string         `json:"tier"`
	Language        string         `json:"language"`
	PIN             string         `json:"pin"`
	PUK             string         `json:"puk"`
	NoPINSingle     uint32         `json:"no_pin_single"`
	NoPINCumulative uint32         `json:"no_pin_cumulative"`
}

func (c NewCard) check() error {
	for _, s := range []struct {
		field  string
		digits Secret
	}{{"pin", c.PIN}, {"puk", c.PUK}} {
		if n := len(s.digits); n < 4 || n > 8 || strings.Trim(string(s.digits), "0123456789") != "" {
			return &FieldError{s.field, "give 4 to 8 digits", nil}
		}
	}
	return nil
}

// SignCard certifies a card and writes the file that makes it the member's. The card's secrets are in that file and
// nowhere else; head office derives them again when it needs them.
func (m Manager) SignCard(ctx context.Context, c NewCard, path string) (id loyalty.CardID, err error) {
	if err := c.check(); err != nil {
		return id, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // before the card is entered: it must be writable
	if err != nil {
		return id, &FieldError{"out", "give a new file; nothing is ever replaced", err}
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(path) // ours and useless
		}
	}()
	in := cardInput{Member: c.Member, Number: m.Home.Keys.numberRef(c.Number), PublicKey: c.PublicKey}
	if !c.ValidThrough.IsZero() {
		in.LastDay = card.DayOf(c.ValidThrough)
	}
	if c.PlainVerify {
		in.Flags = byte(card.PlainVerify)
	}
	var out cardOutcome
	if err := m.call(ctx, opCard, in, &out); err != nil {
		return id, err
	}
	tx, ld := m.Home.Keys.keyTX(out.Card), m.Home.Keys.keyLD(out.Card)
	doc, err := json.MarshalIndent(personalisation{
		CardID: out.Card, Certificate: out.Certificate, KTX: hex.EncodeToString(tx[:]), KLD: hex.EncodeToString(ld[:]),
		Number: c.Number.Digits(), Scheme: m.Home.Settings.Scheme, Tier: out.Tier, Language: out.Language,
		PIN: string(c.PIN), PUK: string(c.PUK), NoPINSingle: c.NoPINSingle, NoPINCumulative: c.NoPINCumulative,
	}, "", "  ")
	if err == nil {
		_, err = f.Write(append(doc, '\n'))
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return id, fmt.Errorf("write %s: %w; block card %v and sign another", path, err, out.Card)
	}
	return out.Card, nil
}

// maxRequest bounds a card's request file.
const maxRequest = 4096

// ReadCardRequest reads the public key that a card has made (card.md 6).
func ReadCardRequest(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, &FieldError{"request", "give the file that the card wrote", err}
	}
	var request struct {
		PublicKey store.HexBytes `json:"public_key"`
	}
	if len(raw) > maxRequest {
		return nil, &FieldError{"request", "give the file that the card wrote", fmt.Errorf("%s has %d bytes", path, len(raw))}
	}
	if err := decodeStrict(raw, &request); err != nil {
		return nil, &FieldError{"request", `it must look like {"public_key":"04…"}`, fmt.Errorf("%s: %w", path, err)}
	}
	return request.PublicKey, nil
}

// maxReason bounds the reason for a block, which goes to every store.
const maxReason = 200

// BlockCard puts a card on the hot list of every store.
func (m Manager) BlockCard(ctx context.Context, id loyalty.CardID, reason string) error {
	if reason == "" || len(reason) > maxReason {
		return &FieldError{"reason", fmt.Sprintf("say why, in 1 to %d bytes", maxReason), nil}
	}
	var out none
	return m.call(ctx, opBlock, blockInput{Card: id, Reason: reason}, &out)
}

// Publish compiles a programme document and sends it to every store. loyalty.Errors lists its faults with their places.
func (m Manager) Publish(ctx context.Context, document []byte) (out PublishOutcome, err error) {
	p, err := loyalty.Compile(document)
	if err != nil {
		return out, err
	}
	err = m.call(ctx, opPublish, publishInput{Document: p.Canonical()}, &out)
	return out, err
}

// Report says what head office holds.
func (m Manager) Report(ctx context.Context) (out Report, err error) {
	err = m.call(ctx, opReport, none{}, &out)
	return out, err
}

// Verify recomputes the books.
func (m Manager) Verify(ctx context.Context) (out []hodb.Finding, err error) {
	err = m.call(ctx, opVerify, none{}, &out)
	return out, err
}

// BeginDay ends points whose time is over and reviews tiers, as the running server does by itself; an empty day is today.
func (m Manager) BeginDay(ctx context.Context, day string) (out DayOutcome, err error) {
	err = m.call(ctx, opDay, dayInput{Day: day}, &out)
	return out, err
}
