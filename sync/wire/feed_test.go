package wire

import (
	"bytes"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

func samplePage() *FeedPage {
	return &FeedPage{Epoch: 1, Next: 9, UpToDate: true, Rows: []FeedRow{
		{Seq: 4, Group: 1, Topic: TopicMember, Member: &MemberRow{ID: 7, Status: MemberActive, Tier: "gold", Language: "fa", Balance: 30,
			Lots:  []loyalty.Lot{{ID: "17-3-1.1", Remaining: 30, Earned: "2026-11-22", Expires: "2027-11-22"}},
			Cards: []loyalty.CardID{{1}}, Numbers: []NumberRow{{HMAC: store.Hash{3}, Masked: "6034…0018"}}, Through: 12}},
		{Seq: 5, Group: 1, Topic: TopicProgramme, Programme: &ProgrammeRow{ID: store.Hash{4}, ValidFrom: "2026-11-23T00:00",
			Document: []byte(`{"name":"Zaļā <karte> & Co"}`), Signature: store.HexBytes{1, 2}}},
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
