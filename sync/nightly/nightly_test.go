package nightly

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"loyaltill/agent/loyalty"
)

// sale is an entry with quotes, a comma and a line end where people write.
const sale = `{"v":1,"store":17,"epoch":3,"seq":7,"kind":"sale","txn":"01912f4e-8c1a-7000-8000-000000000001","day":"2026-11-24","at":"2026-11-24T10:01:00.000+02:00","lane":1,"cashier":"Anna \"A\", Rīga","member":5,"sale":{"programme":"ab","currency":"EUR","lines":[{"sku":"1","quantity":1000,"amount":250}],"tenders":[{"kind":"cash","amount":250}],"medium":"number","total":250,"to_pay":250,"earned":5,"quote":"cd"},"moves":[{"from":"programme/issued","to":"member/5/points/main","points":5,"lot":"17-3-7-0","expires":"2027-11-24","earned":"2026-11-24"}]}`

func rows(t testing.TB) []Row {
	t.Helper()
	return []Row{RowOf(Place{17, 3, 7}, []byte(sale), true), RowOf(Place{17, 3, 8}, []byte(`{"v":9}`), false)}
}

func TestARowSaysWhatTheEntrySays(t *testing.T) {
	all := rows(t)
	r := all[0]
	if r.Kind != string(loyalty.KindSale) || *r.Member != 5 || *r.Total != 250 || *r.Earned != 5 || r.Points != 5 || *r.Cashier != `Anna "A", Rīga` {
		t.Errorf("%+v", r)
	}
	if r.At.Format(entryTime) != "2026-11-24T08:01:00.000Z" {
		t.Errorf("the moment is %v", r.At)
	}
	if r = all[1]; r.Kind != UnknownKind || r.Seq != 8 || r.Day != nil || r.Counted {
		t.Errorf("an entry that cannot be read: %+v", r)
	}
}

func TestCSVAndParquetHaveTheSameColumns(t *testing.T) {
	names := Columns()
	var theirs []string
	for _, f := range parquet.SchemaOf(Row{}).Fields() {
		theirs = append(theirs, f.Name())
	}
	if !slices.Equal(names, theirs) {
		t.Errorf("CSV has %v,\nParquet %v", names, theirs)
	}
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "nightly.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !bytes.Contains(doc, []byte("\n| `"+name+"` |")) {
			t.Errorf("docs/nightly.md does not say what %s is", name)
		}
	}
}

func TestParquetReadsBackWhatWasWritten(t *testing.T) {
	var file bytes.Buffer
	if err := WriteParquet(&file, rows(t)); err != nil {
		t.Fatal(err)
	}
	back, err := ReadParquet(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, rows(t)) {
		t.Errorf("got %+v\nwant %+v", back, rows(t))
	}
	var again bytes.Buffer
	if err := WriteParquet(&again, rows(t)); err != nil || !bytes.Equal(file.Bytes(), again.Bytes()) {
		t.Errorf("the same rows gave other bytes: %v", err)
	}
}

func TestParquetBeginsANewRowGroupEvery100000Rows(t *testing.T) {
	many := make([]Row, RowsPerGroup+1)
	for i := range many {
		many[i] = Row{Store: 17, Epoch: 3, Seq: int64(i + 1), Kind: UnknownKind}
	}
	var content bytes.Buffer
	if err := WriteParquet(&content, many); err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(content.Bytes()), int64(content.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var groups []int64
	for _, g := range file.RowGroups() {
		groups = append(groups, g.NumRows())
	}
	if !slices.Equal(groups, []int64{RowsPerGroup, 1}) {
		t.Errorf("row groups of %v rows", groups)
	}
	back, err := ReadParquet(content.Bytes())
	if err != nil || len(back) != len(many) || back[len(back)-1].Seq != int64(len(many)) {
		t.Errorf("%d rows came back: %v", len(back), err)
	}
}

func TestCSVKeepsWhatPeopleWrote(t *testing.T) {
	var file bytes.Buffer
	if err := WriteCSV(&file, rows(t)); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(file.String())).ReadAll()
	if err != nil || len(lines) != 3 {
		t.Fatal(lines, err)
	}
	at := slices.Index(lines[0], "cashier")
	if lines[1][at] != `Anna "A", Rīga` || lines[2][at] != "" {
		t.Errorf("cashiers are %q and %q", lines[1][at], lines[2][at])
	}
}
