package loyalty

import (
	"fmt"
	"reflect"
	"strings"
)

// otherBranch ends the name of a lot that head office's branch of this log has made: this branch may make one of the same name. It
// stays in this life of the log.
const otherBranch = "~"

// PartedLots names the lots apart that head office's branch of a log has made behind the last entry that both branches share: their
// names are those that this branch gives, too. Relogged calls them by their own names again.
func PartedLots(lots []Lot, shared EntryRef) {
	for i := range lots {
		made, _, ok := lots[i].ID.madeBy()
		if ok && made.Store == shared.Store && made.Epoch == shared.Epoch && made.Seq > shared.Seq {
			lots[i].ID += otherBranch
		}
	}
}

// madeBy is the entry that made a lot, and which of its lots it is; false for one made by no entry, such as a deficit.
func (id LotID) madeBy() (ref EntryRef, n int, ok bool) {
	_, err := fmt.Sscanf(string(id), "%d-%d-%d.%d", &ref.Store, &ref.Epoch, &ref.Seq, &n)
	return ref, n, err == nil && lotID(ref.Store, ref.Epoch, ref.Seq, n) == id
}

// Relogged makes of an entry of a log's forked life the same entry in the life that follows it: what it tells stays, its transaction
// too; what names entries of the forked branch, as names lots that they made, names them by their new places. now gives these; of an
// entry that both branches share it gives false, and the name stays.
func (e Entry) Relogged(head EntryRef, now func(Seq) (Seq, bool)) Entry {
	r := relogger{was: RefTo(&e), head: head, now: now}
	r.walk(reflect.ValueOf(&e))
	if e.Sale != nil && e.Sale.Advance != nil && e.Sale.Advance.Since > 0 {
		since, _ := now(e.Sale.Advance.Since)
		e.Sale.Advance.Since = max(since, 1)
	}
	ref, _ := now(e.Ref) // what both branches share is in another log now
	e.Epoch, e.Seq, e.Ref = head.Epoch, head.Seq, ref
	if e.Was == nil {
		was := r.was
		e.Was = &was
	}
	return e
}

// relogger renames by type, so that no field is forgotten and no text of somebody's is taken for a name.
type relogger struct {
	was, head EntryRef
	now       func(Seq) (Seq, bool)
}

func (r *relogger) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			r.walk(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.walk(v.Index(i))
		}
	case reflect.Struct:
		r.rename(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				r.walk(v.Field(i))
			}
		}
	case reflect.String:
		if id, ok := v.Interface().(LotID); ok {
			v.SetString(string(r.lot(id)))
		}
	}
}

// rename moves the references of the few types that have one.
func (r *relogger) rename(v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *EntryRef:
		r.move(&x.Store, &x.Epoch, &x.Seq)
	case *ReturnBody:
		r.move(&x.Store, &x.Epoch, &x.Seq)
	case *PaymentBody:
		r.move(&x.Store, &x.Epoch, &x.Seq)
	}
}

func (r *relogger) move(store *StoreID, epoch *Epoch, seq *Seq) {
	if *store != r.was.Store || *epoch != r.was.Epoch {
		return
	}
	if to, ok := r.now(*seq); ok {
		*epoch, *seq = r.head.Epoch, to
	}
}

func (r *relogger) lot(id LotID) LotID {
	if theirs, ok := strings.CutSuffix(string(id), otherBranch); ok {
		return LotID(theirs)
	}
	ref, n, ok := id.madeBy()
	if !ok {
		return id
	}
	r.move(&ref.Store, &ref.Epoch, &ref.Seq)
	return lotID(ref.Store, ref.Epoch, ref.Seq, n)
}
