package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loyaltill/internal/stage"
)

// options say where things listen; an empty address is a free one.
type options struct{ bin, dir, agent, sim, box string }

// sandbox is everything that runs.
type sandbox struct {
	dir     string
	shop    *stage.Shop // store 1 and its head office
	second  *stage.Box  // store 2 of the chain
	other   *stage.Shop // another chain
	setup   *stage.Box  // a box that nobody has set up
	bin     string
	control string // address of the sandbox's own calls
	server  *http.Server
	broken  chan struct{} // closed when the control has ended
	vars    map[string]string

	published int // programmes, by control, which does one thing at a time
}

//go:embed programme.yaml
var programme []byte

// magicPIN is that of every card, and of everybody who works in store 1.
const magicPIN = "4711"

// open starts everything. close must be called also after an error.
func open(ctx context.Context, o options) (*sandbox, error) {
	b := &sandbox{broken: make(chan struct{}), vars: map[string]string{}, shop: &stage.Shop{}, other: &stage.Shop{}}
	var err error
	if b.bin, err = filepath.Abs(o.bin); err != nil {
		return b, err
	}
	if b.dir, err = filepath.Abs(o.dir); err != nil {
		return b, err
	}
	if err := b.layOut(); err != nil {
		return b, err
	}
	if b.shop, err = stage.Open(ctx, stage.Options{Bin: o.bin, Dir: b.path("shop"), Programme: b.programmeFile("sandbox"), Members: cardMembers(), Lanes: lanes, Speed: 50,
		APIListen: o.agent, Control: o.sim, PINAtTill: true, PinpadLane: true, Configure: extraLane, Profiles: b.path("profiles")}); err != nil {
		return b, err
	}
	for _, step := range []func(context.Context) error{b.strangers, b.openSecond, b.openOther, b.openSetup, b.choosePINs, b.hire, b.bringAlong} {
		if err := step(ctx); err != nil {
			return b, err
		}
	}
	if err := b.listen(o.box); err != nil {
		return b, err
	}
	return b, b.writeEnv()
}

// Lanes of store 1: each subject has one, so that outcomes can be tried side by side. The last has a reader with a keypad.
const (
	lanes      = 8
	pinpadLane = lanes
)

// extraLane is a lane without devices.
const extraLane = "\n[[lane]]\nnumber = 9\nname = \"Desk\"\n"

// cardMembers have a card each, and are called as it is.
func cardMembers() []stage.Member {
	return []stage.Member{
		{Name: "anna", Language: "en", Number: "6034000000000015"},
		{Name: "berta", Language: "lv", Number: "6034000000000023"},
		{Name: "clara", Language: "pl", Number: "6034000000000031"},
		{Name: "dora", Language: "et", Number: "6034000000000049"},
		{Name: "emma", Language: "hy", Number: "6034000000000056"},
		{Name: "frida", Language: "fa", Number: "6034000000000064"},
		{Name: "gerda", Language: "en", Number: "6034000000000072"},
		{Name: "hedwig", Language: "en", Number: "6034000000000080"},
	}
}

// numberMembers are known by a number alone.
func numberMembers() map[string]string {
	return map[string]string{"NORA": "6034000000000018", "OLGA": "6034000000000114", "PIA": "6034000000000122", "ROSA": "6034000000000130", "SARA": "6034000000000148", "TINA": "6034000000000155"}
}

func (b *sandbox) path(parts ...string) string {
	return filepath.Join(append([]string{b.dir}, parts...)...)
}
func (b *sandbox) tokenFile() string { return filepath.Join(b.shop.Dir, "store", "api.token") }
func (b *sandbox) envFile() string   { return b.path("env.sh") }

// layOut empties the folder and writes what the programs are to find: the programmes that control can publish, and profiles of cards of other makers.
func (b *sandbox) layOut() error {
	if err := os.RemoveAll(b.dir); err != nil {
		return err
	}
	files := map[string][]byte{}
	for name, text := range programmes() {
		files[b.programmeFile(name)] = text
	}
	for name, text := range profiles() {
		files[b.path("profiles", name+".json")] = []byte(text)
	}
	return write(files)
}

// strangers puts cards of other makers on the table.
func (b *sandbox) strangers(context.Context) error {
	files := map[string][]byte{}
	for name, text := range strangeCards() {
		files[b.path("shop", "cards", name+".card.json")] = []byte(text)
	}
	return write(files)
}

func write(files map[string][]byte) error {
	var errs []error
	for name, text := range files {
		errs = append(errs, os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, text, 0o600))
	}
	return errors.Join(errs...)
}

func (b *sandbox) programmeFile(name string) string { return b.path("programmes", name+".yaml") }

func (b *sandbox) openSecond(ctx context.Context) (err error) {
	b.second, err = b.shop.OpenBox(ctx, 2, "\n[staff]\napprove = [\"void\"]\n\n[training]\nminutes = 0\n\n[[lane]]\nnumber = 1\nname = \"Till 1\"\n")
	return err
}

// openOther founds another chain, whose head office has published nothing.
func (b *sandbox) openOther(ctx context.Context) (err error) {
	b.other, err = stage.Open(ctx, stage.Options{Bin: b.bin, Dir: b.path("other-chain"), NoPCSC: true, Unwritten: true, Configure: "\n[staff]\nrequired = true\n"})
	return err
}

func (b *sandbox) openSetup(ctx context.Context) (err error) {
	b.setup, err = b.shop.OpenUnset(ctx, "new-box")
	return err
}

// choosePINs gives every card the magic PIN, as its member would at the till.
func (b *sandbox) choosePINs(ctx context.Context) error {
	for _, m := range b.shop.Members {
		if err := b.shop.Insert(ctx, 1, m.Name); err != nil {
			return err
		}
		if err := b.until(ctx, "card.state=ready"); err != nil {
			return err
		}
		if err := b.shop.ChoosePIN(ctx, 1, magicPIN); err != nil {
			return err
		}
		if err := b.shop.Remove(ctx, 1); err != nil {
			return err
		}
		if err := b.until(ctx, "card.state=none"); err != nil {
			return err
		}
	}
	return nil
}

// until waits for a state of lane 1.
func (b *sandbox) until(ctx context.Context, state string) error {
	_, err := player{b, map[string]string{}}.wait(ctx, step{who: "till", method: "GET", path: "/v1/lanes/1", until: state})
	return err
}

// hire lets people work in both chains: numbers 1 to 4 in store 1, a manager elsewhere.
func (b *sandbox) hire(ctx context.Context) error {
	for _, s := range []struct{ who, name, role string }{
		{"owner", "Mara", "manager"}, {"owner", "Sofia", "supervisor"}, {"owner", "Karl", "cashier"}, {"owner", "Tom", "technician"}, {"otherowner", "Mara", "manager"},
	} {
		p := player{b, map[string]string{}}
		body := fmt.Sprintf(`{"name":"%s","role":"%s","language":"en","pin":"%s"}`, s.name, s.role, magicPIN)
		a, err := p.call(ctx, step{who: s.who, method: "POST", path: "/v1/staff", body: body, key: "new"})
		if err != nil {
			return err
		}
		if a.status != http.StatusCreated {
			return fmt.Errorf("hire %s: %d %s", s.name, a.status, a.body)
		}
	}
	return nil
}

// bringAlong enters the members without a card, and gives everybody points.
func (b *sandbox) bringAlong(ctx context.Context) error {
	list := bytes.NewBufferString("number,points,expires\n")
	for _, name := range slices.Sorted(maps.Keys(numberMembers())) {
		number := numberMembers()[name]
		if _, err := b.shop.Run(ctx, "headoffice", "member", "add", "--dir", b.shop.HeadOfficeDir(), "--number", number, "--language", "en"); err != nil {
			return err
		}
		if name != "TINA" {
			fmt.Fprintf(list, "%s,%d,2099-12-31\n", number, openingPoints)
		}
	}
	for _, m := range b.shop.Members {
		fmt.Fprintf(list, "%s,%d,2099-12-31\n", m.Number, openingPoints)
	}
	if err := os.WriteFile(b.path("opening.csv"), list.Bytes(), 0o600); err != nil {
		return err
	}
	if _, err := b.shop.Run(ctx, "headoffice", "member", "opening", b.path("opening.csv"), "--dir", b.shop.HeadOfficeDir(), "--source", "sandbox"); err != nil {
		return err
	}
	// Once the last member's points are known, those of all are.
	last := b.shop.Members[len(b.shop.Members)-1].Number
	_, err := player{b, map[string]string{}}.wait(ctx, step{who: "till", method: "GET", path: "/v1/members?number=" + last, until: fmt.Sprintf("balance=%d", openingPoints)})
	return err
}

// openingPoints is what every member begins with.
const openingPoints = 5000

// variables are what steps, and the shell, know of the sandbox.
func (b *sandbox) variables() map[string]string {
	if len(b.vars) > 0 {
		return b.vars
	}
	v := map[string]string{"PIN": magicPIN, "NEXT_WEEK": time.Now().AddDate(0, 0, 7).Format(time.RFC3339), "SPARE": b.path("spare")}
	if b.shop.API != nil {
		v["TOKEN_FILE"], v["PRINTER_1"] = b.tokenFile(), filepath.Join(b.shop.Dir, "devices", "printer1")
		v["AGENT"], v["TOKEN"], v["OWNER_TOKEN"] = b.shop.API.Base, b.shop.API.Token, ownerToken(b.shop.AgentData())
		v["SIM"], v["HO"], v["HO_URL"], v["BOX"] = b.shop.Bench.Base, b.shop.HeadOfficeDir(), b.shop.HeadOfficeURL(), b.control
	}
	if b.second != nil {
		v["SECOND"], v["SECOND_TOKEN"] = b.second.API.Base, b.second.API.Token
	}
	if b.other.API != nil {
		v["OTHER"], v["OTHER_TOKEN"], v["OTHER_OWNER_TOKEN"], v["OTHER_HO"] = b.other.API.Base, b.other.API.Token, ownerToken(b.other.AgentData()), b.other.HeadOfficeDir()
	}
	if b.setup != nil {
		v["SETUP"], v["SETUP_TOKEN"] = b.setup.API.Base, b.setup.API.Token
	}
	for _, m := range b.shop.Members {
		v[strings.ToUpper(m.Name)], v[strings.ToUpper(m.Name)+"_PUK"] = m.Number, m.PUK
	}
	maps.Copy(v, numberMembers())
	maps.Copy(v, goods())
	return v
}

func ownerToken(data string) string {
	token, err := os.ReadFile(filepath.Join(data, "owner.token"))
	if err != nil {
		return "" // the agent is not up yet: the call says token_missing
	}
	return strings.TrimSpace(string(token))
}

// writeEnv writes what a shell needs: addresses, numbers, and a configuration of curl for each caller.
func (b *sandbox) writeEnv() error {
	b.vars = b.variables()
	var env strings.Builder
	fmt.Fprintf(&env, "# For the steps of docs/sandbox.md: in a shell, `. %s`.\nPATH=%s:$PATH\nuuid() { cat /proc/sys/kernel/random/uuid; }\n", b.envFile(), b.bin)
	for _, name := range slices.Sorted(maps.Keys(b.vars)) {
		fmt.Fprintf(&env, "%s='%s'\n", name, b.vars[name])
	}
	for _, c := range callers() {
		file := b.path("curl", c.name)
		var text strings.Builder
		text.WriteString("silent\nshow-error\nwrite-out = \"\\n\"\n")
		for _, h := range c.headers {
			fmt.Fprintf(&text, "header = \"%s: %s\"\n", h.name, player{b, nil}.filled(h.value))
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text.String()), 0o600)); err != nil {
			return err
		}
		fmt.Fprintf(&env, "%s='%s'\n", c.config(), file)
	}
	return os.WriteFile(b.envFile(), []byte(env.String()), 0o600)
}

// listen opens the sandbox's own control.
func (b *sandbox) listen(address string) error {
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	b.control = (&url.URL{Scheme: "http", Host: l.Addr().String()}).String()
	b.server = &http.Server{Handler: b.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_ = b.server.Serve(l) // ends with close
		close(b.broken)
	}()
	return nil
}

func (b *sandbox) close() error {
	var err error
	if b.server != nil {
		err = b.server.Close()
		<-b.broken
	}
	if b.setup != nil {
		err = errors.Join(err, b.setup.Process.Stop())
	}
	if b.second != nil {
		err = errors.Join(err, b.second.Process.Stop())
	}
	return errors.Join(err, b.other.Close(), b.shop.Close())
}
