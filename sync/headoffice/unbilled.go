package headoffice

import (
	"reflect"

	"loyaltill/agent/loyalty"
)

// withoutBill judges goods that came back when nobody knew the sale: money alone, so nothing is posted but what a store may have
// said beside it.
func (j *judge) withoutBill(m *matter) (v verdict, err error) {
	e, ours := m.entry, loyalty.Entry{}
	p, err := j.published(e.Return.Programme)
	if err == nil {
		ours, err = p.ReturnWithoutBill(e.Return.Unbilled, loyalty.EntryHead{Store: e.Store, Epoch: e.Epoch, Seq: e.Seq, Txn: e.Txn,
			Day: e.Day, At: e.At, Lane: e.Lane, Cashier: e.Cashier})
	}
	v.reason = returnReason(err)
	if err != nil {
		return v, j.open(v.reason, m.key, err.Error())
	}
	var found []loyalty.Difference
	if said, want := e.Return.Refund, ours.Return.Refund; said != want {
		found = append(found, loyalty.Difference{Field: "refund", Store: said, HeadOffice: want})
	} else if !reflect.DeepEqual(*e, ours) {
		found = append(found, loyalty.Difference{Field: "return", StoreText: "more than goods", HeadOfficeText: "goods without a bill"})
	}
	return v, j.differences(m, found)
}
