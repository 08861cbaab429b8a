package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"loyaltill/internal/stage"
)

// A ledger is put back as it was after two sales. Head office has two more of it; the box sells three others before it can ask, the first
// under the key of a sale that head office has. Head office takes none of them and opens a case. A person looks at both branches and decides;
// the box goes on in a new life, in which it tells its branch again. Every sale counts once.
func TestARestoredLedgerThatSoldOnIsForkedDecidedAndToldAgain(t *testing.T) {
	shop, told := forkedShop(t)
	var report struct {
		Stores  []struct{ Seq int64 }
		Members []struct{ Balance int64 }
		Cases   []forkCase
	}
	must(t, shop.Report(t.Context(), &report))
	if report.Stores[0].Seq != 4 || report.Members[0].Balance != 4*saleEarns || len(report.Cases) != 1 || report.Cases[0].Kind != "fork" {
		t.Errorf("head office took entries of the other branch, or keeps no case: %+v", report)
	}
	sell(t, shop, 1) // selling goes on, and this sale is told with the branch
	shown := forkCommand(t, shop, "show")
	if ho, box := shown.HeadOffice, shown.Box; shown.Shared != 2 || ho.First != 3 || ho.Last != 4 || box.First != 3 || box.Last != 5 {
		t.Errorf("the branches: %+v", shown)
	}
	if ho, box := shown.HeadOffice.Members, shown.Box.Members; len(ho) != 1 || len(box) != 1 || ho[0].Points != 2*saleEarns || box[0].Points != 3*saleEarns {
		t.Errorf("the points of the branches: %+v", shown)
	}
	if len(shown.Both) != 1 || shown.Both[0].Txn != told || shown.Both[0].Box != 3 {
		t.Errorf("told in both: %+v", shown.Both)
	}
	words, err := shop.Run(t.Context(), "headoffice", "fork", "show", "--dir", shop.HeadOfficeDir(), "--store", "1")
	must(t, err)
	for _, line := range []string{"store 1, epoch 1: forked", "head office has 3 to 4 besides, 2 in all:", "the store has 3 to 5 besides, 3 in all:",
		fmt.Sprintf("points of member 1 change by +%d", 3*saleEarns), "entry 3 of the store is entry 3 of epoch 1 at head office: it counts once"} {
		if !strings.Contains(string(words), line+"\n") {
			t.Errorf("a person is not told %q:\n%s", line, words)
		}
	}
	if decided := forkCommand(t, shop, "resolve", "--note", "restored from Monday's copy"); decided.Next != 2 {
		t.Errorf("decided: %+v", decided)
	}
	must(t, shop.Agent.Stop(), shop.StartAgent(t.Context())) // it is told
	await(t, shop, "the decision", func(s syncStatus) bool { return s.State == "decided" })
	papersDone(t, shop)
	must(t, shop.Agent.Stop(), shop.StartAgent(t.Context())) // it goes on
	synced(t, shop)
	newLife(t, shop, told)
}

// papersDone waits for the printer: a life is not ended under a receipt.
func papersDone(t *testing.T, shop *stage.Shop) {
	t.Helper()
	must(t, stage.Until(t.Context(), "the receipts", syncLimit, func(ctx context.Context) (bool, string, error) {
		var jobs []struct{ State string }
		err := shop.API.Do(ctx, "GET", "/v1/jobs?lane=1&limit=200&state=queued,sending,flushed", nil, &jobs)
		return len(jobs) == 0, fmt.Sprint(jobs), err
	}))
}

// saleEarns are the points of one sale of the tests' till.
const saleEarns = 124

type forkCase struct{ Kind, State string }

// branchShown is a branch as head office's command explains it.
type branchShown struct {
	First, Last int64
	Members     []struct{ Member, Points int64 }
}

type forkShown struct {
	Shared     int64
	HeadOffice branchShown `json:"head_office"`
	Box        branchShown
	Both       []struct {
		Txn string
		Box int64
	}
	Next int64
}

func forkCommand(t *testing.T, shop *stage.Shop, what string, more ...string) (f forkShown) {
	t.Helper()
	out, err := shop.Run(t.Context(), "headoffice", append([]string{"fork", what, "--json", "--dir", shop.HeadOfficeDir(), "--store", "1"}, more...)...)
	must(t, err, json.Unmarshal(out, &f))
	return f
}

// forkedShop is a shop whose ledger was put back and sold on. It gives the key of the sale that both branches have.
func forkedShop(t *testing.T) (shop *stage.Shop, told string) {
	t.Helper()
	shop, told = openShop(t, func(o *stage.Options) { o.NoPCSC = true }), uuid.Must(uuid.NewV7()).String()
	again := func() {
		t.Helper()
		if _, err := ring(t.Context(), shop.API, told, 1240); err != nil {
			t.Fatal(err)
		}
	}
	sell(t, shop, 2)
	synced(t, shop)
	must(t, shop.Agent.Stop())
	backup := filepath.Join(t.TempDir(), "backup")
	must(t, os.CopyFS(backup, os.DirFS(shop.AgentData())), shop.StartAgent(t.Context()))
	again()
	sell(t, shop, 1)
	synced(t, shop)
	must(t, shop.Agent.Stop(), os.RemoveAll(shop.AgentData()), os.CopyFS(shop.AgentData(), os.DirFS(backup)))
	must(t, shop.HeadOffice.Stop(), shop.StartAgent(t.Context())) // it sells before it reaches head office
	again()
	sell(t, shop, 2)
	must(t, shop.StartHeadOffice(t.Context()))
	await(t, shop, "the fork", func(s syncStatus) bool { return s.State == "forked" })
	return shop, told
}

// newLife is what there is to see once the branch was told again: four sales of it, the first of which head office had.
func newLife(t *testing.T, shop *stage.Shop, told string) {
	t.Helper()
	var sale struct{ Seq int64 }
	if err := shop.API.Do(t.Context(), "GET", "/v1/sales/"+told, nil, &sale); err != nil || sale.Seq != 1 {
		t.Errorf("a till that asks for its sale is answered %+v, %v", sale, err)
	}
	var report struct {
		Stores []struct {
			Epochs []struct{ Epoch, Seq, Posted int64 }
		}
		Members     []struct{ Balance int64 }
		Cases       []forkCase
		Differences []any
	}
	must(t, shop.Report(t.Context(), &report))
	lives := report.Stores[0].Epochs
	if len(lives) != 2 || lives[0].Seq+lives[1].Seq != 4+4 || lives[0].Posted+lives[1].Posted != 4+4 || report.Members[0].Balance != (4+4-1)*saleEarns {
		t.Errorf("after the branch was told again: %+v", report)
	}
	state := map[string]string{}
	for _, c := range report.Cases {
		state[c.Kind] = c.State
	}
	if len(report.Cases) != 2 || state["fork"] != "settled" || state["txn_repeated"] != "open" || len(report.Differences) != 0 {
		t.Errorf("cases %+v, differences %v", report.Cases, report.Differences)
	}
	if _, err := os.Stat(filepath.Join(shop.AgentData(), "ledger-epoch-1.db")); errors.Is(err, os.ErrNotExist) {
		t.Error("the ledger of the life before is gone")
	}
	sell(t, shop, 1)
	synced(t, shop)
	verify(t, shop)
}
