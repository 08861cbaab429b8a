package main

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/headoffice"
)

// cli is every command with its flags.
type cli struct {
	Init     initCmd     `cmd:"" help:"Make a new head office: folder, keys, certificate authorities."`
	Serve    serveCmd    `cmd:"" help:"Serve stores and back offices until interrupted."`
	Enrol    enrolCmd    `cmd:"" help:"Enrol a store by a code or a folder, or a back office."`
	Store    storeCmd    `cmd:"" help:"Stores that are enrolled."`
	Case     caseCmd     `cmd:"" help:"What a person has to look at."`
	Fork     forkCmd     `cmd:"" help:"A store whose log and head office's copy of it have parted."`
	Member   memberCmd   `cmd:"" help:"Members."`
	Card     cardCmd     `cmd:"" help:"Chip cards."`
	Keys     keysCmd     `cmd:"" help:"The root on which every card hangs, and the issuing keys that it signs."`
	Publish  publishCmd  `cmd:"" help:"Check a programme document and send it to every store."`
	Lease    leaseCmd    `cmd:"" help:"Allowances: points that a store may spend while it is cut off."`
	Segment  segmentCmd  `cmd:"" help:"Groups of members by what is known of them and what they bought, and what each usually buys."`
	Backtest backtestCmd `cmd:"" help:"Play the stored sales through a programme that is not in force: cost by rule, who gains, who loses."`
	Day      dayCmd      `cmd:"" help:"Begin a day by hand: points end, tiers are reviewed."`
	Pull     pullCmd     `cmd:"" help:"As a back office: fetch the closed days that are new."`
	Receipts receiptsCmd `cmd:"" help:"Who has pulled which closed days."`
	Webhook  webhookCmd  `cmd:"" help:"Addresses that are told over HTTP when days were closed."`
	Fetch    fetchCmd    `cmd:"" help:"Take from a store itself what it cannot upload."`
	Import   importCmd   `cmd:"" help:"Take batches that came on a stick, and write the answers on it."`
	Verify   verifyCmd   `cmd:"" help:"Recompute chains, accounts and lots, and check everything signed."`
	Report   reportCmd   `cmd:"" help:"Print what head office holds, or the settlement with partners."`
	Doctor   doctorCmd   `cmd:"" help:"Look at everything head office needs, and say what to do about what is wrong."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// home is the flag of every command that works on a head office.
type home struct {
	Dir      string `required:"" placeholder:"DIR" help:"Head office's folder."`
	Database string `env:"HEADOFFICE_DATABASE" placeholder:"URL" help:"PostgreSQL database of the books, such as postgres://user:password@host/name. Without it the books are a file in the folder."`
}

func (h home) manager(c *console) (headoffice.Manager, error) {
	opened, err := headoffice.OpenHome(h.Dir)
	if err != nil {
		return headoffice.Manager{}, err
	}
	if h.Database != "" && !hodb.IsURL(h.Database) {
		return headoffice.Manager{}, &headoffice.FieldError{Field: "database", Remedy: "give a URL that begins with postgres://, or nothing for the file in the folder"}
	}
	opened.Database = h.Database
	return headoffice.Manager{Home: opened, Options: c.options()}, nil
}

// print writes one JSON line.
func (c *console) print(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

type initCmd struct {
	Dir      string   `required:"" placeholder:"DIR" help:"Folder to make."`
	Scheme   string   `required:"" placeholder:"HEX" help:"The chain's number in card certificates, 8 hexadecimal digits."`
	Currency string   `required:"" placeholder:"CODE" help:"ISO 4217 code, such as EUR."`
	Host     []string `required:"" placeholder:"NAME" help:"Names or addresses under which stores reach head office."`
	CardRoot string   `placeholder:"FILE" help:"Public half of the card root that \"keys root\" made. Without it a root is made in the folder card-root, to be taken offline."`
}

func (cmd *initCmd) Run(c *console) error {
	s := headoffice.Settings{Scheme: cmd.Scheme, Currency: cmd.Currency, Hosts: cmd.Host}
	var root *ecdsa.PublicKey
	if cmd.CardRoot != "" {
		var err error
		if root, err = headoffice.ReadRootPublic(cmd.CardRoot); err != nil {
			return err
		}
	}
	made, err := headoffice.Init(cmd.Dir, s, root, time.Now)
	if err != nil {
		return err
	}
	return c.print(map[string]any{"dir": made.Dir, "scheme": s.Scheme, "currency": s.Currency})
}

type serveCmd struct {
	home
	Listen string `default:"127.0.0.1:8443" placeholder:"HOST:PORT" help:"Address to listen on; port 0 picks a free one."`
	Watch  string `placeholder:"HOST:PORT" help:"Address for /metrics, /healthz and /readyz, without TLS, so best on loopback such as 127.0.0.1:9443; nobody can ask if not given."`
	Log    string `default:"info" enum:"debug,info,warn,error" help:"Least level to log: debug, info, warn or error. From info on each entry has a line."`
}

func (cmd *serveCmd) Run(ctx context.Context, c *console) (err error) {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	level, err := zerolog.ParseLevel(cmd.Log)
	if err != nil {
		return err
	}
	m.Options.Log = m.Options.Log.Level(level)
	if m.Options.Watch, err = cmd.watch(); err != nil {
		return err
	}
	office, err := m.Open(ctx)
	if err != nil {
		return fmt.Errorf("open books: %w", err)
	}
	defer func() { err = errors.Join(err, office.Close()) }()
	listener, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return &headoffice.FieldError{Field: "listen", Remedy: "give a free address such as 127.0.0.1:8443", Err: err}
	}
	return office.Serve(ctx, listener, func() {
		ready := map[string]any{"ready": true, "address": listener.Addr().String(), "url": "https://" + listener.Addr().String()}
		if m.Options.Watch != nil {
			ready["watch"] = "http://" + m.Options.Watch.Addr().String()
		}
		_ = c.print(ready)
	})
}

func (cmd *serveCmd) watch() (net.Listener, error) {
	if cmd.Watch == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", cmd.Watch)
	if err != nil {
		return nil, &headoffice.FieldError{Field: "watch", Remedy: "give a free address such as 127.0.0.1:9443", Err: err}
	}
	return listener, nil
}

type enrolCmd struct {
	home
	Store      loyalty.StoreID `xor:"who" required:"" placeholder:"N" help:"Number of the store."`
	Backoffice string          `xor:"who" required:"" placeholder:"NAME" help:"Name of a back office instead."`
	Name       string          `placeholder:"TEXT" help:"The store's name."`
	TimeZone   string          `placeholder:"ZONE" help:"The store's time zone, such as Europe/Riga."`
	DayCut     string          `placeholder:"HH:MM" help:"When the store's business day begins; midnight if not given."`
	Language   string          `placeholder:"LL" help:"The store's language, such as lv."`
	HeadOffice string          `placeholder:"URL" help:"Head office's address as the store reaches it."`
	Out        string          `xor:"how" required:"" placeholder:"DIR" help:"New folder for the identity."`
	Code       bool            `xor:"how" required:"" help:"Print a code instead, with which the store's box enrols itself: \"loyaltill enrol\"."`
	Valid      time.Duration   `default:"24h" help:"How long the code is good."`
}

func (cmd *enrolCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	e := headoffice.Enrolment{Store: cmd.Store, Name: cmd.Name, TimeZone: cmd.TimeZone, DayCut: cmd.DayCut, Language: cmd.Language, HeadOffice: cmd.HeadOffice}
	switch {
	case cmd.Backoffice != "" && cmd.Code:
		return &headoffice.FieldError{Field: "code", Remedy: "codes are for stores; give a back office its folder with --out"}
	case cmd.Backoffice != "":
		if err := m.EnrolBackOffice(cmd.Backoffice, cmd.Out); err != nil {
			return err
		}
		return c.print(map[string]any{"backoffice": cmd.Backoffice, "identity": cmd.Out})
	case cmd.Code:
		code, err := m.MakeCode(ctx, e, cmd.Valid)
		if err != nil {
			return err
		}
		return c.print(code)
	}
	epoch, err := m.Enrol(ctx, e, cmd.Out)
	if err != nil {
		return err
	}
	return c.print(map[string]any{"store": cmd.Store, "epoch": epoch, "identity": cmd.Out})
}

type memberCmd struct {
	Add     memberAddCmd     `cmd:"" help:"Enter a member."`
	Set     memberSetCmd     `cmd:"" help:"Say what is known of a member."`
	Opening memberOpeningCmd `cmd:"" help:"Bring along the balances of an older system."`
	Erase   memberEraseCmd   `cmd:"" help:"Erase a person: what was bought stays, and nobody can say any more whose it was."`
}

type memberAddCmd struct {
	home
	Number   string `required:"" placeholder:"NUMBER" help:"The number printed on the member's card, or that of a foreign card with its prefix."`
	Language string `required:"" placeholder:"LL" help:"The member's language, such as lv."`
	Tier     string `placeholder:"ID" help:"The member's tier, as the programme calls it."`
	Birthday string `placeholder:"MM-DD" help:"For occasions, also with the year before it; stores hear of month and day, and only when a programme asks."`
	Joined   string `placeholder:"DAY" help:"Day of joining, for anniversaries."`
}

func (cmd *memberAddCmd) Run(ctx context.Context, c *console) error {
	number, err := readNumber(cmd.Number)
	if err != nil {
		return err
	}
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	id, err := m.AddMember(ctx, headoffice.NewMember{Number: number, Tier: cmd.Tier, Language: cmd.Language, Birthday: cmd.Birthday, Joined: cmd.Joined})
	if err != nil {
		return err
	}
	return c.print(map[string]any{"member": id, "number": number})
}

type memberEraseCmd struct {
	home
	Member loyalty.MemberID `arg:"" help:"Number of the member in the register."`
	Reason string           `required:"" placeholder:"TEXT" help:"Why, such as the number of the request; nothing personal."`
	Yes    bool             `help:"Erase. Without it only what would be erased is told. There is no way back."`
}

func (cmd *memberEraseCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.Erase(ctx, cmd.Member, cmd.Reason, cmd.Yes)
	if err == nil {
		err = c.print(out)
	}
	if err == nil && !cmd.Yes {
		err = &headoffice.FieldError{Field: "yes", Remedy: "look at what goes; then erase with --yes"}
	}
	return err
}

type memberOpeningCmd struct {
	home
	File   string `arg:"" help:"Comma-separated text; its first line names the columns: member (or number) and points, and if need be earned and expires (days), wallet or stamp for what is not points. Each row is a lot."`
	Source string `required:"" placeholder:"ID" help:"Name of the import, such as old-system-2026. Under one name a member gets his points once."`
}

// maxOpening bounds a file of opening balances.
const maxOpening = 256 << 20

func (cmd *memberOpeningCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	file, err := readFile("file", cmd.File, "a file of balances", maxOpening)
	if err != nil {
		return err
	}
	out, err := m.Opening(ctx, file, cmd.Source)
	var faults loyalty.Errors
	if errors.As(err, &faults) {
		return located(cmd.File, "the balances have faults, nothing was brought along", faults)
	}
	if err != nil {
		return err
	}
	return c.print(out)
}

func readNumber(s string) (loyalty.CardNumber, error) {
	n, err := loyalty.NewCardNumber(s)
	if err != nil {
		return n, &headoffice.FieldError{Field: "number", Remedy: "give the 8 to 19 digits printed on the card, or the number of a foreign card with its prefix"}
	}
	return n, nil
}

type publishCmd struct {
	home
	File string `arg:"" help:"Programme document, YAML or JSON."`
	Yes  bool   `help:"Publish floor limits and allowances whose exposure has been looked at."`
}

// maxDocument bounds a programme document.
const maxDocument = 4 << 20

func (cmd *publishCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	document, err := readDocument("file", cmd.File)
	if err != nil {
		return err
	}
	exposure, err := m.Exposure(ctx, document)
	if err == nil && exposure.Points+exposure.SetAside > 0 {
		if err := c.print(map[string]any{"exposure": exposure}); err != nil {
			return err
		}
		if !cmd.Yes {
			return &headoffice.FieldError{Field: "yes", Remedy: "look at the exposure: so many points may be spent twice while stores are cut off, so many are kept for single stores (set_aside); then publish with --yes"}
		}
	}
	var out headoffice.PublishOutcome
	if err == nil {
		out, err = m.Publish(ctx, document)
	}
	var faults loyalty.Errors
	if errors.As(err, &faults) {
		return located(cmd.File, "the programme has faults, nothing was published", faults)
	}
	if err != nil {
		return err
	}
	return c.print(out)
}

// located puts the file's name before every fault, as editors expect it.
func located(file, so string, faults loyalty.Errors) error {
	lines := make([]string, len(faults))
	for i, fault := range faults {
		lines[i] = file + ":" + fault.Error()
	}
	return fmt.Errorf("%s:\n%s", so, strings.Join(lines, "\n"))
}

type dayCmd struct {
	home
	Day string `placeholder:"DAY" help:"A day that has begun in every store; today if not given."`
}

func (cmd *dayCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	out, err := m.BeginDay(ctx, cmd.Day)
	if err != nil {
		return err
	}
	return c.print(out)
}

type verifyCmd struct{ home }

// errFindings makes verify's exit status say what its output says.
var errFindings = errors.New("the books are not in order")

func (cmd *verifyCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	found, err := m.Verify(ctx)
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := c.print(f); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		return errFindings
	}
	return c.print(map[string]any{"findings": 0})
}

type reportCmd struct {
	All      reportAllCmd      `cmd:"" default:"withargs" help:"Everything, as JSON."`
	Partners reportPartnersCmd `cmd:"" help:"The settlement with partners: what their rules gave, and what returns took back."`

	Overdrafts reportOverdraftsCmd `cmd:"" help:"What members spent twice while stores were cut off, store by store, and in a million redemptions."`

	Liability reportLiabilityCmd `cmd:"" help:"What the chain owes its members, day by day, and whether it adds up to the point."`
}

type reportAllCmd struct{ home }

func (cmd *reportAllCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	r, err := m.Report(ctx)
	if err != nil {
		return err
	}
	return c.print(r)
}

type reportOverdraftsCmd struct{ home }

func (cmd *reportOverdraftsCmd) Run(ctx context.Context, c *console) error {
	m, err := cmd.manager(c)
	if err != nil {
		return err
	}
	r, err := m.Overdrafts(ctx)
	if err != nil {
		return err
	}
	return c.print(r)
}

type versionCmd struct{}

func (versionCmd) Run(c *console) error {
	_, err := fmt.Fprintln(c.out, "headoffice", version())
	return err
}

// version is what the program was built from.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "development"
}
