package card

import (
	"bytes"
	"testing"

	"loyaltill/devices/apdu"
)

func FuzzParseCertificate(f *testing.F) {
	_, c := signedCertificate(f)
	f.Add(c.Marshal())
	f.Add(c.MarshalTBS())
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := ParseCertificate(b); err == nil && !bytes.Equal(c.Marshal(), b) {
			t.Fatalf("two forms of one certificate:\n%x\n%x", b, c.Marshal())
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	f.Add(Record{Ctr: 1, Type: TypeDebit, Amount: -5}.Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := ParseRecord(b); err == nil && !bytes.Equal(r.Marshal(), b) {
			t.Fatalf("two forms of one record:\n%x\n%x", b, r.Marshal())
		}
	})
}

func FuzzParseVoucher(f *testing.F) {
	f.Add(Voucher{Seq: 1, Kind: KindPoints, Amount: -1}.Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := ParseVoucher(ID{}, b); err == nil && !bytes.Equal(v.Marshal(), b) {
			t.Fatalf("two forms of one voucher:\n%x\n%x", b, v.Marshal())
		}
	})
}

func TestQueryAnsweredWithAnotherTransactionIsNoAnswer(t *testing.T) {
	b := append([]byte{1}, Record{Ctr: 3, Type: TypeDebit, TxID: TxID{1}}.Marshal()...)
	b = append(b, 0, 0, 0, 3, 0, 0, 0, 1)
	if q, err := parseQuery(TxID{1}, b); err != nil || q.Ctr != 3 || q.Oldest != 1 || q.Record.Ctr != 3 {
		t.Fatalf("%+v, %v", q, err)
	}
	if _, err := parseQuery(TxID{2}, b); err == nil {
		t.Fatal("taken")
	}
	if _, err := parseQuery(TxID{1}, append([]byte{2}, b[1:]...)); err == nil {
		t.Fatal("found is neither yes nor no")
	}
}

// FuzzAnswers gives every parser of free answers anything.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte("\x6F\x02\x84\x00"))
	f.Add([]byte("\x61\x044711\x62\x04LYL1\x63\x00\x64\x02lv"))
	f.Add(append([]byte{1}, make([]byte, queryFound-1)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseSelection(b); err == nil && s.flags.terminated() {
			t.Fatal("a terminated card was selected")
		}
		if i, err := parseInfo(b); err == nil && (len(i.number) == 0 || len(i.number) > maxNumber) {
			t.Fatalf("number of %d digits", len(i.number))
		}
		if q, err := parseQuery(TxID{}, b); err == nil && q.Found && q.Record.TxID != (TxID{}) {
			t.Fatal("a record of another transaction")
		}
	})
}

// FuzzUnwrap plays a card that does not have the keys: nothing it says may pass.
func FuzzUnwrap(f *testing.F) {
	f.Add([]byte{}, uint16(0x9000))
	f.Add(make([]byte, 24), uint16(0x9000))
	keys := deriveSessionKeys([]byte("shared secret"), []byte("info"))
	f.Fuzz(func(t *testing.T, data []byte, sw uint16) {
		c := newChannel(&keys)
		if _, err := c.wrap(apdu.Command{INS: insDebit, Data: []byte("debit")}); err != nil {
			t.Fatal(err)
		}
		if plain, err := c.unwrap(apdu.Response{Data: data, SW: apdu.SW(sw)}); err == nil {
			t.Fatalf("%x passed as %x", data, plain)
		}
	})
}
