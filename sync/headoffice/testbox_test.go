package headoffice

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/sync/wire"
)

// box is a store's side of the protocol, enrolled by the real command: it keeps a log and sends it. It is the shortest
// thing that can stand for a store; the agent's own uplink is tested with its own package.
type box struct {
	t       testing.TB
	centre  *centre
	id      *store.Identity
	client  *http.Client
	codec   *wire.Codec
	prog    *loyalty.Programme
	boot    store.ID16
	session uint64
	bodies  [][]byte
	hashes  []store.Hash
	clock   time.Time
	posKey  []byte
	openSeq loyalty.Seq // first entry of the running day
}

// enrol makes a store's identity by the command's own path and opens its box.
func (c *centre) enrol(id loyalty.StoreID, prog *loyalty.Programme) *box {
	c.t.Helper()
	dir := filepath.Join(c.t.TempDir(), fmt.Sprintf("store-%d", id))
	address := c.address
	if address == "" {
		address = "https://127.0.0.1:1"
	}
	m := c.manager()
	e := Enrolment{Store: id, Name: "Store", TimeZone: "Europe/Riga", Language: "lv", HeadOffice: address}
	if c.address == "" { // nobody serves: the test holds the books itself
		c.enrolHere(e, dir)
	} else if _, err := m.Enrol(c.t.Context(), e, dir); err != nil {
		c.t.Fatal(err)
	}
	return c.box(dir, prog)
}

// enrolHere writes an identity while the test has the books open without serving.
func (c *centre) enrolHere(e Enrolment, dir string) {
	c.t.Helper()
	if err := c.office.Close(); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.manager().Enrol(c.t.Context(), e, dir); err != nil {
		c.t.Fatal(err)
	}
	c.open()
}

func (c *centre) box(dir string, prog *loyalty.Programme) *box {
	c.t.Helper()
	id, err := store.LoadIdentity(dir)
	if err != nil {
		c.t.Fatal(err)
	}
	codec, err := wire.NewCodec()
	if err != nil {
		c.t.Fatal(err)
	}
	b := &box{t: c.t, centre: c, id: id, codec: codec, prog: prog, boot: randomID(c.t), clock: opened(), openSeq: 1,
		posKey: id.PositionKey, client: clientOfIdentity(c.t, id)}
	c.t.Cleanup(b.client.CloseIdleConnections)
	c.boxes = append(c.boxes, b)
	return b
}

func clientOfIdentity(t testing.TB, id *store.Identity) *http.Client {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(id.Path(store.CertFile), id.Path(store.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(id.Path(store.CAFile))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool, Certificates: []tls.Certificate{pair}}}}
}

func randomID(t testing.TB) (id store.ID16) {
	t.Helper()
	if _, err := rand.Read(id[:]); err != nil {
		t.Fatal(err)
	}
	return id
}

func (b *box) seq() loyalty.Seq { return loyalty.Seq(len(b.bodies)) }

// hashAt is the box's own chain value.
func (b *box) hashAt(seq loyalty.Seq) store.Hash {
	if seq == 0 {
		return b.id.Genesis()
	}
	return b.hashes[seq-1]
}

// append puts a body into the log as it is.
func (b *box) append(body []byte) {
	b.hashes = append(b.hashes, b.hashAt(b.seq()).Next(body))
	b.bodies = append(b.bodies, body)
}

func (b *box) head() loyalty.EntryHead {
	b.clock = b.clock.Add(time.Minute)
	cal := b.id.Calendar()
	return loyalty.EntryHead{Store: loyalty.StoreID(b.id.Store), Epoch: loyalty.Epoch(b.id.Epoch), Seq: b.seq() + 1,
		Txn: loyalty.TxnID(uuid.Must(uuid.NewV7())), Day: cal.BusinessDay(b.clock), At: cal.Local(b.clock), Lane: 1, Cashier: "anna"}
}

// entry starts an entry that is not a sale.
func (b *box) entry(kind loyalty.Kind) loyalty.Entry {
	h := b.head()
	return loyalty.Entry{V: 1, Store: h.Store, Epoch: h.Epoch, Seq: h.Seq, Kind: kind, Txn: h.Txn, Day: h.Day, At: h.At, Lane: h.Lane}
}

// write puts an entry into the log.
func (b *box) write(e loyalty.Entry) loyalty.Entry {
	b.t.Helper()
	body, err := e.Encode()
	if err != nil {
		b.t.Fatal(err)
	}
	b.append(body)
	return e
}

// bread is a line that earns a point per euro, doubled on Tuesdays.
func bread(cents int64) []loyalty.Line {
	return []loyalty.Line{{SKU: "4750004", Name: "Bread", Category: "food/bread", Quantity: 1000, Amount: cents, Tax: 1200}}
}

// sale makes the entry of a sale paid in cash, without writing it.
func (b *box) sale(head loyalty.EntryHead, member *loyalty.MemberState, cents int64, ask *loyalty.Ask) loyalty.Entry {
	b.t.Helper()
	in := loyalty.QuoteInput{Sale: loyalty.Sale{Lines: bread(cents), Redeem: ask}, Member: member,
		Place: loyalty.Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day}}
	q, err := b.prog.Quote(in)
	if err != nil {
		b.t.Fatal(err)
	}
	if q.Due > 0 {
		in.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.Due}}
	}
	e, err := b.prog.Post(q, in, head)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// sell writes a sale to a member who is known by number; 0 is nobody.
func (b *box) sell(member loyalty.MemberID, cents int64) loyalty.Entry {
	b.t.Helper()
	var m *loyalty.MemberState
	if member != 0 {
		m = &loyalty.MemberState{ID: member, Medium: loyalty.MediumNumber}
	}
	return b.write(b.sale(b.head(), m, cents, nil))
}

// closeDay writes the close of the running day with totals added up from its entries.
func (b *box) closeDay() loyalty.Entry {
	b.t.Helper()
	e := b.entry(loyalty.KindClose)
	body := &loyalty.CloseBody{First: b.openSeq, Last: b.seq(), HeadHash: b.hashAt(b.seq()).String(), Tenders: []loyalty.TenderTotal{}}
	byKind := map[loyalty.TenderKind]loyalty.TenderTotal{}
	receive := func(tenders []loyalty.Tender) {
		for _, t := range tenders {
			byKind[t.Kind] = loyalty.TenderTotal{Kind: t.Kind, Count: byKind[t.Kind].Count + 1, Amount: byKind[t.Kind].Amount + t.Amount}
		}
	}
	for _, raw := range b.bodies[b.openSeq-1:] {
		one, err := loyalty.DecodeEntry(raw)
		if err != nil {
			b.t.Fatal(err)
		}
		body.Count++
		if one.Kind == loyalty.KindLoad {
			body.Loaded += loyalty.Points(one.Card.Amount)
		}
		if s := one.Sale; s != nil {
			body.Sales, body.Currency = body.Sales+1, s.Currency
			body.Total, body.ToPay, body.Value = body.Total+s.Total, body.ToPay+s.ToPay, body.Value+s.Value
			body.Earned, body.Redeemed = body.Earned+s.Earned, body.Redeemed+s.Redeemed
			receive(s.Tenders)
		}
		if p := one.Payment; p != nil {
			body.Currency = cmp.Or(body.Currency, p.Currency)
			receive(p.Tenders)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		body.Tenders = append(body.Tenders, byKind[kind])
	}
	e.Close = body
	b.openSeq = e.Seq + 1
	return b.write(e)
}

// batch cuts a part out of the log.
func (b *box) batch(first, last loyalty.Seq) *wire.Batch {
	return &wire.Batch{Store: loyalty.StoreID(b.id.Store), Epoch: loyalty.Epoch(b.id.Epoch), Session: b.session, First: first,
		Prev: b.hashAt(first - 1), Head: b.hashAt(last), Bodies: b.bodies[first-1 : last]}
}

// hello opens a session over the network.
func (b *box) hello(check *wire.Head) wire.SessionAnswer {
	b.t.Helper()
	req := wire.SessionRequest{Protocol: wire.Protocol, Epoch: loyalty.Epoch(b.id.Epoch), InstallID: b.id.InstallID, BootNonce: b.boot,
		Head: wire.Head{Seq: b.seq(), Hash: b.hashAt(b.seq())}, Check: check, Agent: "test", Clock: clockText(b.clock)}
	raw, err := json.Marshal(req)
	if err != nil {
		b.t.Fatal(err)
	}
	var answer wire.SessionAnswer
	header := http.Header{"Content-Type": {wire.TypeJSON}}
	if p := b.do(b.t.Context(), http.MethodPost, b.path("sessions"), header, raw, &answer); p != nil {
		b.t.Fatalf("session: %v", p)
	}
	if answer.Verdict != wire.VerdictFenced && answer.Verdict != wire.VerdictUnknownInstall {
		b.session = answer.Session
	}
	if answer.Verdict != wire.VerdictUnknownInstall {
		b.checkPosition(answer.Head.Seq, answer.Head.Hash, answer.Signature)
	}
	return answer
}

func (b *box) checkPosition(seq loyalty.Seq, hash store.Hash, signature []byte) {
	b.t.Helper()
	p := store.Position{Store: b.id.Store, Epoch: b.id.Epoch, Seq: int64(seq), Hash: hash}
	if err := p.Verify(b.posKey, signature); err != nil {
		b.t.Errorf("signed position: %v", err)
	}
}

func (b *box) path(rest string) string {
	return fmt.Sprintf("%s/v1/stores/%d/%s", b.centre.address, b.id.Store, rest)
}

// push sends a batch over the network.
func (b *box) push(batch *wire.Batch) (wire.Accepted, *wire.Problem) {
	b.t.Helper()
	packed := b.codec.PackBatch(batch)
	var answer wire.Accepted
	p := b.do(b.t.Context(), http.MethodPost, b.path("batches"), packed.Header, packed.Content, &answer)
	if p == nil {
		b.checkPosition(answer.AcceptedThrough, answer.HeadHash, answer.Signature)
	}
	return answer, p
}

// sync opens a session and sends everything that head office lacks.
func (b *box) sync() {
	b.t.Helper()
	answer := b.hello(nil)
	if answer.Verdict != wire.VerdictAhead {
		return
	}
	if _, p := b.push(b.batch(answer.Head.Seq+1, b.seq())); p != nil {
		b.t.Fatal(p)
	}
}

// feed pulls one page.
func (b *box) feed(after int64, wait time.Duration) *wire.FeedPage {
	b.t.Helper()
	page, p := b.tryFeed(wire.FeedQuery{Epoch: 1, After: after, Limit: wire.MaxFeedRows, Wait: wait})
	if p != nil {
		b.t.Fatal(p)
	}
	return page
}

func (b *box) tryFeed(q wire.FeedQuery) (*wire.FeedPage, *wire.Problem) {
	b.t.Helper()
	var raw bytes.Buffer
	if p := b.do(b.t.Context(), http.MethodGet, b.centre.address+"/v1/feed?"+q.Values().Encode(), nil, nil, &raw); p != nil {
		return nil, p
	}
	page, err := wire.ReadFeed(&raw)
	if err != nil {
		b.t.Fatal(err)
	}
	return page, nil
}

// do sends a request; into is a JSON value or a buffer for the bytes.
func (b *box) do(ctx context.Context, method, url string, header http.Header, body []byte, into any) *wire.Problem {
	b.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	if req.Header.Get(wire.HeaderProtocol) == "" {
		req.Header.Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		p := wire.ReadProblem(resp, time.Now())
		if !strings.HasPrefix(p.Type, "urn:loyaltill:problem:") {
			b.t.Fatalf("%s %s: %d without a problem document: %v", method, url, resp.StatusCode, p)
		}
		return p
	}
	if buffer, ok := into.(*bytes.Buffer); ok {
		_, err = io.Copy(buffer, resp.Body)
	} else {
		err = json.NewDecoder(resp.Body).Decode(into)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return nil
}
