package wire

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

func newCodec(t testing.TB) *Codec {
	t.Helper()
	c, err := NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sampleBatch makes n bodies with a true chain.
func sampleBatch(n int) *Batch {
	b := &Batch{Store: 17, Epoch: 3, Session: 5, First: 4816, Prev: store.Hash{1}}
	b.Head = b.Prev
	for i := range n {
		body := fmt.Appendf(nil, `{"v":1,"store":17,"epoch":3,"seq":%d}`, 4816+i)
		b.Bodies = append(b.Bodies, body)
		b.Head = b.Head.Next(body)
	}
	return b
}

func code(err error) Code {
	var p *Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return Code(fmt.Sprint(err))
}

func TestABatchReadsBackAsItWasSent(t *testing.T) {
	c := newCodec(t)
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.ByteRange(0x20, 0xff), 1, 300)
		want := &Batch{Store: 17, Epoch: loyalty.Epoch(rapid.Uint32Min(1).Draw(t, "epoch")), Session: uint64(rapid.Uint32().Draw(t, "session")),
			First: loyalty.Seq(rapid.Int64Range(1, 1<<50).Draw(t, "first")), Prev: store.Hash{1}, Head: store.Hash{2},
			Bodies: rapid.SliceOfN(body, 1, 40).Draw(t, "bodies")}
		packed := c.PackBatch(want)
		got, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestAnEmptyBatchStandsForNothingNew(t *testing.T) {
	c := newCodec(t)
	b := &Batch{Store: 17, Epoch: 3, First: 10, Prev: store.Hash{1}, Head: store.Hash{1}}
	packed := c.PackBatch(b)
	got, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content))
	if err != nil || len(got.Bodies) != 0 || got.Last() != 9 {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestTheChainOfABatchIsChecked(t *testing.T) {
	b := sampleBatch(3)
	hashes, err := b.Hashes()
	if err != nil || hashes[2] != b.Head {
		t.Fatal(err)
	}
	b.Bodies[1] = bytes.Replace(b.Bodies[1], []byte("17"), []byte("18"), 1)
	if _, err := b.Hashes(); code(err) != CodeChainBroken {
		t.Errorf("a changed body: %v", err)
	}
}

func TestEveryBitThatFallsOverIsNoticed(t *testing.T) {
	c := newCodec(t)
	packed := c.PackBatch(sampleBatch(20))
	for i := range packed.Content {
		damaged := bytes.Clone(packed.Content)
		damaged[i] ^= 1 << (i % 8)
		if _, err := c.ReadBatch(17, packed.Header, bytes.NewReader(damaged)); code(err) != CodeDamaged {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	for n := range packed.Content {
		if _, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content[:n])); code(err) != CodeDamaged {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
}

func TestHeadersThatDoNotHoldTogetherAreRefused(t *testing.T) {
	c := newCodec(t)
	for name, tc := range map[string]struct {
		header, value string
		want          Code
	}{
		"another content type":         {"Content-Type", "application/json", CodeUnsupported},
		"no coding":                    {"Content-Encoding", "", CodeUnsupported},
		"another coding":               {"Content-Encoding", "gzip", CodeUnsupported},
		"a protocol of tomorrow":       {HeaderProtocol, "2", CodeUpgradeRequired},
		"a protocol that is no number": {HeaderProtocol, "one", CodeUpgradeRequired},
		"no range":                     {HeaderRange, "", CodeBadRequest},
		"a range with other blanks":    {HeaderRange, "epoch=3;first=4816;count=20", CodeBadRequest},
		"a range from 0":               {HeaderRange, "epoch=3; first=0; count=20", CodeBadRequest},
		"an epoch beyond 32 bits":      {HeaderRange, "epoch=4294967296; first=1; count=20", CodeBadRequest},
		"too many entries":             {HeaderRange, "epoch=3; first=4816; count=2001", CodeTooLarge},
		"another count":                {HeaderRange, "epoch=3; first=4816; count=19", CodeDamaged},
		"no digest":                    {HeaderDigest, "", CodeBadRequest},
		"another digest algorithm":     {HeaderDigest, "sha-512=:AAAA:", CodeBadRequest},
		"a digest of other bytes":      {HeaderDigest, digestField(sha256.Sum256(nil)), CodeDamaged},
		"a prev that is too short":     {HeaderPrev, "sha-256=:AAAA:", CodeBadRequest},
		"a head without colons":        {HeaderHead, "sha-256=" + strings.Repeat("A", 43) + "=", CodeBadRequest},
		"a session that is no number":  {HeaderSession, "-1", CodeBadRequest},
	} {
		packed := c.PackBatch(sampleBatch(20))
		packed.Header.Set(tc.header, tc.value)
		if _, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content)); code(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

// bomb is a small zstd stream that unzips to size bytes in frames that do not say how large they are.
func bomb(t testing.TB, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	line := append(bytes.Repeat([]byte("a"), 60<<10), '\n')
	for b2 := 0; b2 < size; b2 += 16 * len(line) {
		w, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		for range 16 {
			if _, err := w.Write(line); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestAZipBombCostsNoMoreThanTheLimit(t *testing.T) {
	c := newCodec(t)
	packed := bomb(t, 128<<20)
	if len(packed) > MaxPackedBytes {
		t.Fatalf("the bomb has %d bytes: it does not get in at all", len(packed))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := c.Unpack(packed); code(err) != CodeTooLarge {
		t.Fatalf("got %v", err)
	}
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	if allocated > 16*MaxBatchBytes { // buffers that double, the window, and what the race detector adds
		t.Errorf("%d bytes were allocated", allocated)
	}
}

func TestAWindowAboveTheLimitIsRefused(t *testing.T) {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(16<<20))
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 1<<20)
	dice := rand.NewChaCha8([32]byte{})
	for range 20 {
		_, _ = dice.Read(noise)
		if _, err := w.Write(noise); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := newCodec(t).Unpack(b.Bytes()); code(err) != CodeTooLarge {
		t.Fatalf("got %v", err)
	}
}

func TestLinesOutsideTheFormAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		plain string
		want  Code
	}{
		"an empty line":          {"{}\n\n{}\n", CodeDamaged},
		"no line end":            {"{}\n{}", CodeDamaged},
		"a line above the limit": {strings.Repeat("x", loyalty.MaxBodyBytes+1) + "\n", CodeTooLarge},
		"too many lines":         {strings.Repeat("{}\n", MaxBatchEntries+1), CodeTooLarge},
	} {
		if _, err := SplitBodies([]byte(tc.plain)); code(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	bodies, err := SplitBodies([]byte(strings.Repeat("x", loyalty.MaxBodyBytes) + "\n{}\n"))
	if err != nil || len(bodies) != 2 {
		t.Errorf("a line at the limit: %d, %v", len(bodies), err)
	}
}

func samplePage() *FeedPage {
	return &FeedPage{Epoch: 1, Next: 9, UpToDate: true, Rows: []FeedRow{
		{Seq: 4, Group: 1, Topic: TopicMember, Member: &MemberRow{ID: 7, Status: MemberActive, Tier: "gold", Language: "fa", Balance: 30,
			Lots:  []loyalty.Lot{{ID: "17-3-1.1", Remaining: 30, Earned: "2026-11-22", Expires: "2027-11-22"}},
			Cards: []loyalty.CardID{{1}}, Numbers: []NumberRow{{HMAC: store.Hash{3}, Masked: "6034…0018"}}, Through: 12}},
		{Seq: 5, Group: 1, Topic: TopicProgramme, Programme: &ProgrammeRow{ID: store.Hash{4}, ValidFrom: "2026-11-23T00:00",
			Document: []byte(`{"name":"Zaļā <karte> & Co"}`)}},
		{Seq: 6, Group: 2, Topic: TopicHot, Hot: &HotRow{Card: loyalty.CardID{2}, Blocked: true, Reason: "lost"}},
		{Seq: 7, Group: 2, Topic: TopicVoucher, Voucher: &VoucherRow{Card: loyalty.CardID{1}, Seq: 1, Kind: 1, Amount: -30,
			Ref: make([]byte, 8), MAC: make([]byte, 16)}},
		{Seq: 9, Group: 2, Topic: TopicWatermark, Watermark: &WatermarkRow{Store: 17, Epoch: 3, Seq: 12}},
	}}
}

func feedText(t testing.TB, page *FeedPage) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteFeed(&b, page); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAFeedPageReadsBackAsItWasWrittenZippedOrNot(t *testing.T) {
	c := newCodec(t)
	want := samplePage()
	text := feedText(t, want)
	for coding, content := range map[string][]byte{"": text, CodingZstd: c.Pack([][]byte{bytes.TrimSuffix(text, []byte("\n"))})} {
		got, err := c.ReadFeedAnswer(http.Header{"Content-Encoding": {coding}}, bytes.NewReader(content))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("coding %q: %+v, %v", coding, got, err)
		}
	}
	if _, err := c.ReadFeedAnswer(http.Header{"Content-Encoding": {"br"}}, bytes.NewReader(text)); code(err) != CodeDamaged {
		t.Errorf("an unknown coding: %v", err)
	}
}

func TestAFeedPageThatWasCutIsNotApplied(t *testing.T) {
	text := feedText(t, samplePage())
	for n := range len(text) - 1 { // without its last line feed the page is whole
		if page, err := ReadFeed(bytes.NewReader(text[:n])); code(err) != CodeDamaged {
			t.Fatalf("cut after %d bytes: %+v, %v", n, page, err)
		}
	}
}

func TestAFeedThatDoesNotHoldTogetherIsRefused(t *testing.T) {
	end := `{"end":{"epoch":1,"next":9,"up_to_date":true,"rows":1}}` + "\n"
	row := `{"seq":9,"group":1,"topic":"hot","hot":{"card":"0200000000000000","blocked":true}}` + "\n"
	for name, text := range map[string]string{
		"no end":                  row,
		"something behind it":     row + end + row,
		"another number of rows":  row + row + end,
		"a row twice":             row + strings.Replace(row, "9", "9", 1) + strings.Replace(end, `"rows":1`, `"rows":2`, 1),
		"a topic nobody knows":    strings.Replace(row, `"topic":"hot"`, `"topic":"cold"`, 1) + end,
		"a topic without its row": strings.Replace(row, `"topic":"hot"`, `"topic":"member"`, 1) + end,
		"two things in one row":   strings.Replace(row, `"hot":{`, `"watermark":{"seq":1},"hot":{`, 1) + end,
		"a row without a number":  strings.Replace(row, `"seq":9,`, ``, 1) + end,
		"a cursor before it":      row + strings.Replace(end, `"next":9`, `"next":8`, 1),
		"no JSON":                 "hello\n" + end,
	} {
		if _, err := ReadFeed(strings.NewReader(text)); code(err) != CodeDamaged {
			t.Errorf("%s: %v", name, err)
		}
	}
	later := strings.Replace(row, `"reason"`, ``, 1)
	later = strings.Replace(later, `"blocked":true`, `"blocked":true,"since":"2027"`, 1)
	if _, err := ReadFeed(strings.NewReader(later + end)); err != nil {
		t.Errorf("a field of a later version: %v", err)
	}
}

func TestFeedQueriesReadBackAndAreBounded(t *testing.T) {
	want := FeedQuery{Store: 17, Epoch: 2, After: 812, Limit: 100, Wait: 25 * time.Second}
	if got, err := ParseFeedQuery(17, want.Values()); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ParseFeedQuery(17, url.Values{}); err != nil || got.Limit != MaxFeedRows {
		t.Errorf("defaults: %+v, %v", got, err)
	}
	for _, raw := range []string{"limit=5001", "wait=31", "after=-1", "after=x", "epoch=4294967296", "topics=member"} {
		v, _ := url.ParseQuery(raw)
		if _, err := ParseFeedQuery(17, v); code(err) != CodeBadRequest {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestProblemsTravelWithCodeFieldsAndRetryAfter(t *testing.T) {
	want := NewProblem(CodeGap, "entries %d to %d are missing", 3, 4)
	want.Expected, want.RetryAfter = 3, 1500*time.Millisecond
	rec := httptest.NewRecorder()
	if err := WriteProblem(rec, want); err != nil {
		t.Fatal(err)
	}
	resp := rec.Result()
	if resp.StatusCode != http.StatusConflict || resp.Header.Get("Content-Type") != TypeProblem || resp.Header.Get("Retry-After") != "2" {
		t.Errorf("answer %d %v", resp.StatusCode, resp.Header)
	}
	got := ReadProblem(resp, time.Now())
	want.RetryAfter = 2 * time.Second
	if !reflect.DeepEqual(got, want) || got.Type != "urn:loyaltill:problem:gap" {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestEveryAnswerHasAClass(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   Class
	}{
		"a proxy's bad gateway":         {502, "<html>", AgainLater},
		"a gateway's timeout":           {504, "", AgainLater},
		"a request timeout":             {408, "", AgainLater},
		"a proxy's 413":                 {413, "", Shrink},
		"a proxy that wants a password": {407, "", StopAndTell},
		"a bare 401":                    {401, "", StopAndTell},
		"a bare 403":                    {403, "", StopAndTell},
		"a bare 404":                    {404, "", StopAndTell},
		"a bare 400":                    {400, "", StopAndTell},
		"a redirect":                    {302, "", AgainLater},
		"our own damaged":               {400, `{"code":"damaged"}`, AgainNow},
		"our own fenced":                {403, `{"code":"fenced"}`, Rehandshake},
		"a code of tomorrow":            {409, `{"code":"locked"}`, Rewind},
		"a problem that is no JSON":     {503, `{"code":`, AgainLater},
	} {
		resp := &http.Response{StatusCode: tc.status, Header: http.Header{}, Body: http.NoBody}
		if strings.HasPrefix(tc.body, "{") {
			resp.Header.Set("Content-Type", TypeProblem)
		}
		resp.Body = readCloser{strings.NewReader(tc.body)}
		if got := ClassOf(ReadProblem(resp, time.Now())); got != tc.want {
			t.Errorf("%s: class %d, want %d", name, got, tc.want)
		}
	}
	if ClassOf(errors.New("connection refused")) != AgainLater {
		t.Error("the network's own errors do not pass")
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func TestRetryAfterIsReadAsSecondsOrDateAndBounded(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-3": 0, "soon": 0, "999999": MaxRetryAfter,
		"Sun, 22 Nov 2026 08:00:30 GMT": 30 * time.Second, "Sun, 22 Nov 2026 07:00:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestTheTableOfErrorsIsTheDocumentsAndHasNoDoubles(t *testing.T) {
	seen := map[Code]bool{}
	for _, row := range codes() {
		if seen[row.code] {
			t.Errorf("%s stands twice", row.code)
		}
		seen[row.code] = true
		if p := NewProblem(row.code, ""); p.Status != row.status || p.Title == "" || p.Class() != row.class {
			t.Errorf("%s: %+v", row.code, p)
		}
	}
}

func TestACertificateNamesOneStoreAndEpoch(t *testing.T) {
	cert := &x509.Certificate{URIs: []*url.URL{CertURI(17, 3)}}
	if cert.URIs[0].String() != "loyaltill://store/17/epoch/3" {
		t.Errorf("name %s", cert.URIs[0])
	}
	if id, epoch, err := CertStore(cert); err != nil || id != 17 || epoch != 3 {
		t.Errorf("%d, %d, %v", id, epoch, err)
	}
	for _, name := range []string{"loyaltill://store/017/epoch/3", "loyaltill://store/17/epoch/3/x", "https://store/17/epoch/3",
		"loyaltill://shop/17/epoch/3", "loyaltill://store/0/epoch/3", "loyaltill://store/17/epoch/3?a=b"} {
		u, err := url.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := CertStore(&x509.Certificate{URIs: []*url.URL{u}}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	c := newCodec(f)
	f.Add(c.Pack(sampleBatch(3).Bodies))
	f.Add([]byte{})
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		bodies, err := c.Unpack(packed)
		if err != nil {
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatalf("no problem but %v", err)
			}
			return
		}
		if len(bodies) > MaxBatchEntries {
			t.Fatalf("%d entries", len(bodies))
		}
		again, err := c.Unpack(c.Pack(bodies))
		if err != nil || !slices.EqualFunc(bodies, again, bytes.Equal) {
			t.Fatalf("does not read back: %v", err)
		}
	})
}

func FuzzReadFeed(f *testing.F) {
	f.Add(feedText(f, samplePage()))
	f.Add([]byte(`{"end":{"epoch":1,"next":0,"up_to_date":true,"rows":0}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		page, err := ReadFeed(bytes.NewReader(text))
		if err != nil {
			if code(err) != CodeDamaged {
				t.Fatalf("got %v", err)
			}
			return
		}
		for i := range page.Rows {
			if err := page.Rows[i].Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzBatchHeader(f *testing.F) {
	c := newCodec(f)
	packed := c.PackBatch(sampleBatch(2))
	f.Add(packed.Header.Get(HeaderRange), packed.Header.Get(HeaderPrev), packed.Header.Get(HeaderSession))
	f.Fuzz(func(t *testing.T, rng, prev, session string) {
		h := packed.Header.Clone()
		h.Set(HeaderRange, rng)
		h.Set(HeaderPrev, prev)
		h.Set(HeaderSession, session)
		b, err := c.ReadBatch(17, h, bytes.NewReader(packed.Content))
		if err != nil {
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatalf("no problem but %v", err)
			}
			return
		}
		if b.Session == 0 {
			return // an answer's form
		}
		again := c.PackBatch(b)
		if again.Header.Get(HeaderRange) != rng || again.Header.Get(HeaderPrev) != prev {
			t.Fatalf("%q %q read as %+v", rng, prev, b)
		}
	})
}

// BenchmarkBatch packs and reads a realistic batch and reports its bytes on the wire per entry.
func BenchmarkBatch(b *testing.B) {
	c := newCodec(b)
	batch := &Batch{Store: 17, Epoch: 3, Session: 1, First: 1}
	dice := rand.New(rand.NewPCG(1, 2))
	raw := 0
	for i := range 500 {
		e := saleEntry(dice, loyalty.Seq(i+1))
		body, err := e.Encode()
		if err != nil {
			b.Fatal(err)
		}
		raw += len(body)
		batch.Bodies = append(batch.Bodies, body)
	}
	h := batch.Prev
	for _, body := range batch.Bodies {
		h = h.Next(body)
	}
	batch.Head = h
	packed := c.PackBatch(batch)
	b.ReportMetric(float64(len(packed.Content))/500, "zipped-B/entry")
	b.ReportMetric(float64(raw)/500, "raw-B/entry")
	b.Run("pack", func(b *testing.B) {
		for b.Loop() {
			c.PackBatch(batch)
		}
		b.ReportMetric(float64(len(packed.Content))/500, "zipped-B/entry")
		b.ReportMetric(float64(raw)/500, "raw-B/entry")
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			got, err := c.ReadBatch(17, packed.Header, bytes.NewReader(packed.Content))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := got.Hashes(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// saleEntry is a sale of three lines as a grocer's till makes them: ids and amounts are random, the range of goods is not.
func saleEntry(dice *rand.Rand, seq loyalty.Seq) loyalty.Entry {
	var txn loyalty.TxnID
	for i := range txn {
		txn[i] = byte(dice.Uint32())
	}
	copy(txn[:6], []byte{1, 0x93, 0xf2, 0xa0, byte(seq >> 8), byte(seq)}) // a UUIDv7's time
	member := loyalty.MemberID(dice.IntN(1_000_000) + 1)
	e := loyalty.Entry{V: 1, Store: 17, Epoch: 3, Seq: seq, Kind: loyalty.KindSale, Txn: txn, Day: "2026-11-22",
		At:   fmt.Sprintf("2026-11-22T%02d:%02d:%02d.%03d+02:00", 8+seq/60, seq%60, dice.IntN(60), dice.IntN(1000)),
		Lane: loyalty.LaneID(1 + dice.IntN(4)), Cashier: []string{"anna", "juris", "ilze"}[dice.IntN(3)], Member: member}
	e.Sale = &loyalty.SaleBody{Programme: strings.Repeat("ab", 32), Currency: "EUR", Medium: loyalty.MediumNumber,
		Quote: fmt.Sprintf("%016x%016x%016x%016x", dice.Uint64(), dice.Uint64(), dice.Uint64(), dice.Uint64())}
	for range 3 {
		n := dice.IntN(400)
		price := int64(50 + n*7)
		e.Sale.Lines = append(e.Sale.Lines, loyalty.Line{SKU: fmt.Sprintf("47500%05d", n), Category: "food/dairy", Quantity: 1000, Amount: price, Tax: 2100})
		e.Sale.Total += price
	}
	e.Sale.ToPay, e.Sale.Earned = e.Sale.Total, loyalty.Points(e.Sale.Total/100)
	e.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCard, Amount: e.Sale.ToPay}}
	e.Moves = []loyalty.Movement{{From: loyalty.AccountIssued, To: loyalty.AccountMain(member), Points: e.Sale.Earned + 1,
		Lot: loyalty.LotID(fmt.Sprintf("17-3-%d.1", seq)), Earned: e.Day, Expires: "2027-11-22"}}
	return e
}
