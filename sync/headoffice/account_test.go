package headoffice

import (
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

func TestEveryAccountOfAnEntryHasItsPlaceAndUnit(t *testing.T) {
	j := &judge{office: &Office{home: &Home{Settings: Settings{Currency: "EUR"}}}}
	for name, want := range map[string]place{
		loyalty.AccountMain(7):                             {hodb.MemberOwner(7), "main", hodb.Points},
		loyalty.AccountsOf(7, "credit").Main:               {hodb.MemberOwner(7), "main", "credit"},
		loyalty.AccountIssued:                              {hodb.StoreOwner(3), "issued", hodb.Points},
		loyalty.AccountsOf(7, "credit").Expired:            {hodb.StoreOwner(3), "expired", "credit"},
		loyalty.AccountReserved(7):                         {hodb.MemberOwner(7), hodb.Reserved, hodb.Points},
		loyalty.AccountGiftCard("4711"):                    {hodb.HeadOffice, "gift_card/4711", "gift_card:EUR"},
		loyalty.AccountGiftCardsIssued:                     {hodb.StoreOwner(3), "issued", "gift_card:EUR"},
		loyalty.AccountPartner("acme", loyalty.MainWallet): {hodb.HeadOffice, "partner/acme/issued", hodb.Points},
		loyalty.AccountPartner("acme", "credit"):           {hodb.HeadOffice, "partner/acme/credit/issued", "credit"},
	} {
		if got := j.placeOf(name, 3); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
