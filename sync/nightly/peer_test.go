package nightly

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// peersDir holds the programs of others.
const peersDir = "../../tools/peers"

// peer compares a Parquet file with the entries that it is made of; see tools/peers/nightly.mjs.
func peer(t *testing.T, parquet, log []byte) (said struct {
	Types    map[string]string
	Rows     int
	Counted  int
	Compared int
	Wrong    []string
}) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(peersDir, "node_modules", "hyparquet"))
	}
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("CI must have Node, and npm ci done in tools/peers: %v", err)
	}
	if err != nil {
		t.Skipf("no Node, or npm ci was not done in tools/peers: %v", err)
	}
	paths := []string{filepath.Join(peersDir, "nightly.mjs"), filepath.Join(t.TempDir(), "entries.parquet"), filepath.Join(t.TempDir(), "entries.ndjson")}
	for i, content := range [][]byte{parquet, log} {
		if err := os.WriteFile(paths[i+1], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), node, paths...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &said)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	return said
}

// dayOf is a day with an entry of every kind that has columns of its own, and as many sales as fill several row groups of a thousand.
func dayOf(t *testing.T) (bodies [][]byte) {
	t.Helper()
	for _, name := range []string{"entry", "full-sale", "full-return", "wallets-sale", "wallets-return", "wallets-payment"} {
		body, err := os.ReadFile(filepath.Join("..", "..", "agent", "loyalty", "testdata", "golden", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, bytes.TrimSpace(body))
	}
	bodies = append(bodies, []byte(`{"v":9}`))
	for n := len(bodies) + 1; n <= 2500; n++ {
		bodies = append(bodies, []byte(strings.NewReplacer(`"seq":7`, fmt.Sprintf(`"seq":%d`, n), `"member":5`, fmt.Sprintf(`"member":%d`, 3_000_000_000+n),
			`"total":250`, fmt.Sprintf(`"total":%d`, n*n), `"earned":5`, fmt.Sprintf(`"earned":%d`, n%7), "Anna", fmt.Sprintf("Anna %d", n%500)).Replace(sale)))
	}
	return bodies
}

// A reader of another author gets every value out of the file that the entries have, with the types of docs/nightly.md.
func TestAnotherReaderFindsEveryValueOfTheEntriesInTheParquet(t *testing.T) {
	bodies := dayOf(t)
	all := make([]Row, len(bodies))
	for i, body := range bodies {
		all[i] = RowOf(Place{17, 3, 1}, body, i%2 == 0)
		if place := (struct{ Store, Epoch, Seq int64 }{}); json.Unmarshal(body, &place) == nil && place.Seq > 0 {
			all[i].Store, all[i].Epoch, all[i].Seq = place.Store, place.Epoch, place.Seq
		}
	}
	var file bytes.Buffer
	if err := writeParquet(&file, all, 1000); err != nil {
		t.Fatal(err)
	}
	log := append(bytes.Join(bodies, []byte("\n")), '\n')
	said := peer(t, file.Bytes(), log)
	if want := len(bodies)*(len(said.Types)-1) - 3; said.Rows != len(bodies) || said.Compared != want || len(said.Wrong) > 0 {
		t.Errorf("%d rows of %d, %d values of %d compared, %d wrong: %.5q", said.Rows, len(bodies), said.Compared, want, len(said.Wrong), said.Wrong)
	}
	if want := (len(bodies) + 1) / 2; said.Counted != want {
		t.Errorf("%d rows are counted, want %d", said.Counted, want)
	}
	if types := documented(t); !maps.Equal(types, said.Types) {
		t.Errorf("the file has types %v, docs/nightly.md says %v", said.Types, types)
	}
	changed := bytes.Replace(log, []byte(`"total":10609`), []byte(`"total":10610`), 1)
	if said := peer(t, file.Bytes(), changed); len(said.Wrong) != 1 || !strings.Contains(said.Wrong[0], "total") {
		t.Errorf("of one changed total the reader says %v", said.Wrong)
	}
}

// documented are the columns of docs/nightly.md with the names that Parquet has for their types.
func documented(t *testing.T) map[string]string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "nightly.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"INT32": "INT_32", "INT64": "INT_64", "STRING": "UTF8", "TIMESTAMP (ms, UTC)": "TIMESTAMP_MILLIS"}
	types := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([A-Z0-9]+(?: \\([^)]*\\))?) \\|").FindAllStringSubmatch(string(doc), -1) {
		if slices.Contains(Columns(), row[1]) {
			types[row[1]] = row[2]
			if name := names[row[2]]; name != "" {
				types[row[1]] = name
			}
		}
	}
	return types
}
