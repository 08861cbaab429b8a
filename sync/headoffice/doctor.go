package headoffice

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// Health is how one thing is that a doctor looked at.
type Health string

const (
	Well      Health = "ok"
	Attention Health = "attention" // nothing is lost; somebody should look when there is time
	Ill       Health = "ill"       // head office does not do its work, or will stop doing it
)

// Diagnosis is one thing that a doctor looked at, and what to do about it.
type Diagnosis struct {
	What   string `json:"what"`
	Health Health `json:"health"`
	Seen   string `json:"seen"`
	Remedy string `json:"remedy,omitempty"`
}

// Limits of what is well.
const (
	leastFreeMB    = 1024
	certificateIll = 14 * 24 * time.Hour
	certificateDue = 60 * 24 * time.Hour
	lagDue         = 10 * time.Second
	lagIll         = 5 * time.Minute
	backupIll      = 26 * time.Hour // a nightly one that ran late
	mostNamed      = 10             // stores in one line
)

// doctor gathers what it sees.
type doctor struct {
	now   time.Time
	found []Diagnosis
}

func (d *doctor) well(what, format string, args ...any) {
	d.found = append(d.found, Diagnosis{What: what, Health: Well, Seen: fmt.Sprintf(format, args...)})
}

// say notes what is not as it should be; health is Well when it is after all.
func (d *doctor) say(what string, health Health, remedy, format string, args ...any) {
	if health == Well {
		remedy = ""
	}
	d.found = append(d.found, Diagnosis{What: what, Health: health, Seen: fmt.Sprintf(format, args...), Remedy: remedy})
}

// Where says where a head office is.
type Where struct {
	Dir      string
	Database string // as Home has it
	Backups  string // folder; empty: nobody says
}

// Doctor looks at head office: its folder, its books (by the running server when there is one) and its backups. Nothing is changed.
// backups is a folder; without one it cannot be known how old they are.
func Doctor(ctx context.Context, at Where, o Options) []Diagnosis {
	d := &doctor{now: o.Clock()}
	d.versions(ctx, o.Version)
	d.disk(at.Dir)
	home, err := OpenHome(at.Dir)
	var field *FieldError
	switch {
	case errors.As(err, &field):
		d.say("folder", Ill, field.Remedy, "%v", cause(field))
	case err != nil:
		d.say("folder", Ill, "bring the folder back from a backup; docs/head-office.md says what each file is for", "%v", err)
	default:
		home.Database = at.Database
		d.home(home)
		d.books(ctx, Manager{Home: home, Options: o})
	}
	d.backups(at.Backups)
	return d.found
}

func cause(f *FieldError) error {
	if f.Err != nil {
		return f.Err
	}
	return f
}

func (d *doctor) versions(ctx context.Context, version string) {
	sqlite, err := store.SQLiteVersion(ctx)
	if err != nil {
		d.say("versions", Ill, "install a released build", "%v", err)
		return
	}
	d.well("versions", "headoffice %s, SQLite %s (%s or newer is needed)", version, sqlite, store.MinSQLite)
}

func (d *doctor) disk(dir string) {
	free, err := store.FreeMB(dir)
	if err != nil {
		d.say("disk", Ill, "give --dir the folder that \"headoffice init\" made", "%v", err)
		return
	}
	health := Well
	if free < leastFreeMB {
		health = Ill
	}
	d.say("disk", health, fmt.Sprintf("free some space: below %d MB stores will soon be told to wait", leastFreeMB), "%d MB free in %s", free, dir)
}

// home looks at what the folder holds beside the books.
func (d *doctor) home(h *Home) {
	info, err := os.Stat(filepath.Join(h.Dir, keyFolder))
	switch {
	case err != nil:
		d.say("keys", Ill, "bring the folder keys back from a backup", "%v", err)
	case info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/':
		d.say("keys", Ill, "chmod -R go= "+filepath.Join(h.Dir, keyFolder), "others on this machine can read %s", filepath.Join(h.Dir, keyFolder))
	default:
		d.well("keys", "readable by their owner alone")
	}
	if _, err := os.Stat(filepath.Join(h.Dir, rootFolder)); err == nil {
		d.say("card root", Attention, "take the folder offline: who has it can make cards (docs/issuing.md)", "%s is on this machine", filepath.Join(h.Dir, rootFolder))
	}
	ends, err := h.Keys.ends()
	if err != nil {
		d.say("certificates", Ill, "bring the folder keys back from a backup", "%v", err)
	}
	for _, name := range []string{"ca", "server"} {
		if end, known := ends[name]; known {
			d.ends(name+" certificate", end, "plan a new one: stores that do not know it must be enrolled again")
		}
	}
}

// ends judges the end of something that is renewed in time or stops the work.
func (d *doctor) ends(what string, end time.Time, remedy string) {
	left := end.Sub(d.now)
	health := Well
	switch {
	case left < certificateIll:
		health = Ill
	case left < certificateDue:
		health = Attention
	}
	d.say(what, health, remedy, "good until %s", end.Format(time.DateOnly))
}

// books asks whoever has the books open how they stand.
func (d *doctor) books(ctx context.Context, m Manager) {
	var c hodb.Condition
	if err := m.call(ctx, opCondition, none{}, &c); err != nil {
		d.say("database", Ill, booksRemedy(err), "%v", err)
		return
	}
	d.well("database", "opens; \"headoffice verify\" proves it")
	d.clock(c)
	d.posting(c)
	d.stores(c)
	d.questions(c)
	d.overdrafts(ctx, m)
	d.webhooks(ctx, m)
	keys, err := m.IssuingKeys(ctx)
	if err != nil {
		d.say("issuing key", Ill, booksRemedy(err), "%v", err)
		return
	}
	d.issuing(keys)
}

func booksRemedy(err error) string {
	switch {
	case errors.Is(err, store.ErrTooNew):
		return "install the version that made the database, or a newer one"
	case errors.Is(err, store.ErrInUse), errors.Is(err, errNoDoor):
		return "another process has the books and does not answer: end it, then start \"headoffice serve\""
	case errors.Is(err, hodb.ErrUnavailable):
		return "look whether the database server runs and the machine reaches it"
	case store.IsCorrupt(err):
		return "keep the file, restore the newest backup: stores send again what it lacks"
	}
	return "look at the log of \"headoffice serve\" and at the rights of the folder"
}

// clock compares with what was written: times that lie ahead mean that the clock was set back, or was wrong then.
func (d *doctor) clock(c hodb.Condition) {
	health := Well
	if c.Newest.After(d.now.Add(time.Minute)) {
		health = Ill
	}
	d.say("clock", health, "set the clock and switch on time synchronisation (timedatectl set-ntp true)", "%s; a log moved last at %s",
		d.now.Format(time.DateTime+" -07:00"), instant(c.Newest))
}

func instant(t time.Time) string {
	if t.IsZero() {
		return "no time yet"
	}
	return t.Local().Format(time.DateTime + " -07:00")
}

func (d *doctor) posting(c hodb.Condition) {
	health := Well
	switch {
	case c.PostingLag > lagIll:
		health = Ill
	case c.PostingLag > lagDue:
		health = Attention
	}
	d.say("posting", health, "see that \"headoffice serve\" runs, and its log for \"posting stopped\"", "%d batches with %d entries wait, the oldest for %v",
		c.WaitingBatches, c.WaitingEntries, c.PostingLag.Round(time.Millisecond))
}

func (d *doctor) stores(c hodb.Condition) {
	forked := c.Heads[hodb.HeadForked]
	health := Well
	if forked > 0 {
		health = Ill
	}
	d.say("forked stores", health, "keep both disks and decide which branch counts: docs/operations.md, status forked", "%d of %d", forked, forked+c.Heads[hodb.HeadOpen])
	health = Well
	quiet := silent(c.Quiet, d.now)
	if len(quiet) > 0 {
		health = Attention
	}
	d.say("silent stores", health, "ask whether they are open; then `loyaltill doctor` there", "%d without an entry or a start for a day on which they sell%s", len(quiet), listed(quiet))
	var late []loyalty.StoreID
	for _, u := range overdue(c.Unclosed, d.now) {
		late = append(late, u.Store)
	}
	health = Well
	if len(late) > 0 {
		health = Attention
	}
	d.say("closed days", health, "close the day at the till of each, or let it sell: the next sale closes the day before", "%d published, %d stores with an older day open%s", c.Closes, len(late), listed(late))
}

func listed(ids []loyalty.StoreID) string {
	if len(ids) == 0 {
		return ""
	}
	var text []string
	for _, id := range ids[:min(len(ids), mostNamed)] {
		text = append(text, fmt.Sprint(id))
	}
	if len(ids) > mostNamed {
		text = append(text, "…")
	}
	return ": " + strings.Join(text, ", ")
}

func (d *doctor) questions(c hodb.Condition) {
	var kinds []string
	for kind, n := range c.Cases {
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, n))
	}
	slices.Sort(kinds)
	seen, health := "none open", Well
	if len(kinds) > 0 {
		seen, health = strings.Join(kinds, ", "), Attention
	}
	d.say("cases", health, "\"headoffice report\" lists them; docs/head-office.md says what to do about each kind", "%s", seen)
	health = Well
	if c.Differences > 0 {
		health = Attention
	}
	d.say("differences", health, "\"headoffice report\" lists them; update the stores named, and look at their boxes if it goes on", "%d figures of stores", c.Differences)
}

func (d *doctor) webhooks(ctx context.Context, m Manager) {
	all, err := m.Webhooks(ctx)
	if err != nil {
		d.say("webhooks", Ill, booksRemedy(err), "%v", err)
		return
	}
	var failing []string
	for _, w := range all {
		if w.Error != "" {
			failing = append(failing, fmt.Sprintf("%s has not heard of %d days: %s", w.Name, w.Behind, w.Error))
		}
	}
	if len(failing) == 0 {
		d.well("webhooks", "%d set", len(all))
		return
	}
	d.say("webhooks", Attention, "mend the receiver, then \"headoffice webhook test NAME\"; days can be pulled meanwhile", "%s", strings.Join(failing, "; "))
}

func (d *doctor) overdrafts(ctx context.Context, m Manager) {
	r, err := m.Overdrafts(ctx)
	if err != nil {
		d.say("overdrafts", Ill, booksRemedy(err), "%v", err)
		return
	}
	d.well("overdrafts", "%d sales spent %d points twice, %d in a million redemptions; the chain bears %d of the points", // those to look at are cases
		r.All.Sales, r.All.Points, r.All.PerMillion, r.All.Borne)
}

func (d *doctor) issuing(keys []IssuingKeyState) {
	for _, k := range keys {
		if !k.Signs {
			continue
		}
		end, err := time.Parse(time.DateOnly, k.LastDay)
		if err == nil {
			d.ends("issuing key", end, "make the next one: docs/issuing.md")
			return
		}
	}
	d.say("issuing key", Attention, "make one before cards are to be signed: docs/issuing.md", "none is in force")
}

// backups looks at the newest file of a folder.
func (d *doctor) backups(dir string) {
	if dir == "" {
		d.say("backup", Attention, "give the folder with --backups, to learn how old the newest is", "not looked at")
		return
	}
	newest, name := time.Time{}, ""
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil && info.ModTime().After(newest) {
			newest, name = info.ModTime(), path
		}
		return err
	})
	age := d.now.Sub(newest)
	switch {
	case err != nil:
		d.say("backup", Ill, "mount the folder, or give another with --backups", "%v", err)
	case name == "":
		d.say("backup", Ill, "see that the nightly backup runs: docs/operations.md", "%s is empty", dir)
	case age > backupIll:
		d.say("backup", Ill, "see that the nightly backup runs: docs/operations.md", "%s is %v old", name, age.Round(time.Hour))
	default:
		d.well("backup", "%s is %v old", name, age.Round(time.Minute))
	}
}
