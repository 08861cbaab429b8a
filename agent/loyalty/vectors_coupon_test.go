package loyalty

import (
	"crypto/ed25519"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// vectorCoupon is a coupon shown.
type vectorCoupon struct {
	Coupon   string    `yaml:"coupon"`
	Serial   string    `yaml:"serial"`
	From     string    `yaml:"from"`
	To       string    `yaml:"to"`
	Value    major     `yaml:"value"`
	Currency string    `yaml:"currency"`
	Uses     int64     `yaml:"uses"`
	Used     int64     `yaml:"used"`
	Member   MemberID  `yaml:"member"`
	Stores   []StoreID `yaml:"stores"`
	Source   string    `yaml:"source"`
	Admit    *string   `yaml:"admit"`
}

func (c *vectorCoupon) shown(t *testing.T) ShownCoupon {
	if c.Serial == "" {
		c.Serial = "1-" + c.Coupon
	}
	return ShownCoupon{Coupon: c.Coupon, Serial: c.Serial, ValidFrom: c.From, ValidTo: c.To, Value: c.Value.minor(t, 2),
		Currency: c.Currency, Uses: c.Uses, Used: c.Used, Member: c.Member, Stores: c.Stores, Source: c.Source}
}

// compareAdmission asks of each coupon what the till asks when it is scanned.
func (v *vector) compareAdmission(t *testing.T, p *Programme, in *QuoteInput) {
	member := MemberID(0)
	if in.Member != nil {
		member = in.Member.ID
	}
	for i, c := range v.Shown {
		if c.Admit != nil {
			compareError(t, p.AdmitCoupon(in.Sale.Shown[i], in.Place, member), *c.Admit)
		}
	}
}

func compareError(t *testing.T, err error, want string) {
	t.Helper()
	var bad *SaleError
	if want == "" && err == nil || errors.As(err, &bad) && bad.Code == want {
		return
	}
	t.Errorf("%v, want %q", err, want)
}

// vectorCode is one coupon signed by a store and read in another.
type vectorCode struct {
	Issuer StoreID      `yaml:"issuer"`
	Coupon vectorCoupon `yaml:"coupon"`
	Spoil  string       `yaml:"spoil"`
	Want   struct {
		Error   string `yaml:"error"`
		Longest int    `yaml:"longest"`
	} `yaml:"want"`
}

// couponKeys are the keys of stores 1 to 9; the chain has no others.
func couponKey(s StoreID) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(s)))
}

func couponKeys(s StoreID) ed25519.PublicKey {
	if s < 1 || s > 9 {
		return nil
	}
	return couponKey(s).Public().(ed25519.PublicKey)
}

func (v *vector) runCodes(t *testing.T) {
	for _, step := range v.Codes {
		code := CouponCode{Issuer: step.Issuer, ShownCoupon: step.Coupon.shown(t)}
		text, err := code.Sign(couponKey(step.Issuer))
		if err != nil {
			t.Fatal(err)
		}
		if n := step.Want.Longest; n > 0 && len(text) > n {
			t.Errorf("%d characters, want at most %d", len(text), n)
		}
		if rest := strings.Trim(text, base45Alphabet); rest != "" || text != strings.TrimSpace(text) {
			t.Errorf("%q does not pass the alphanumeric mode of a QR code", text)
		}
		switch step.Spoil {
		case "signature":
			text = text[:len(text)-6] + "000" + text[len(text)-3:]
		case "body":
			text = text[:10] + "000" + text[13:]
		case "text":
			text = strings.ToLower(text)
		case "cut":
			text = text[:60]
		case "other key":
			text, err = code.Sign(couponKey(step.Issuer + 1))
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := ReadCouponCode(text, couponKeys)
		compareError(t, err, step.Want.Error)
		if err == nil && !reflect.DeepEqual(got, code) {
			t.Errorf("got %+v, want %+v", got, code)
		}
	}
}

// compareIssued posts the sale, paid in cash, and looks at the coupons that come with it: kind and days.
func (v *vector) compareIssued(t *testing.T, p *Programme, in QuoteInput, q Quote) {
	for rule, want := range v.Want.Given {
		if !slices.Contains(q.Given, RulePoints{rule, want}) {
			t.Errorf("given: got %v, want %s %d", q.Given, rule, want)
		}
	}
	if v.Want.Issued == nil {
		return
	}
	if q.Due > 0 {
		in.Sale.Tenders = append(in.Sale.Tenders, Tender{Kind: TenderCash, Amount: q.Due})
	}
	head := EntryHead{Store: in.Place.Store, Epoch: 1, Seq: 1, Txn: TxnID{9}, Day: in.Place.Day, At: in.Place.At, Lane: 1}
	e, err := p.Post(q, in, head)
	if err != nil {
		t.Fatal(err)
	}
	got, serials := []string{}, map[string]bool{}
	for _, c := range e.IssuedCoupons() {
		got = append(got, c.Coupon+" "+c.ValidFrom+" "+c.ValidTo)
		serials[c.Serial] = true
	}
	if !slices.Equal(got, v.Want.Issued) || len(serials) != len(got) {
		t.Errorf("issued: got %v with serials %v, want %v", got, serials, v.Want.Issued)
	}
	tier, available := "", Points(0)
	if in.Member != nil {
		tier, available = in.Member.Tier, in.Member.Available
	}
	if _, differences, err := p.Requote(&e, tier, available); err != nil || len(differences) > 0 {
		t.Errorf("head office: %v, %v", differences, err)
	}
}
