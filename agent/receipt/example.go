package receipt

import (
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
)

// noon is when every example happens.
func noon() time.Time {
	return time.Date(2026, time.November, 22, 12, 5, 0, 0, time.FixedZone("EET", 2*60*60))
}

// Example is a paper that shows everything that its kind can tell, in a shop of the language; nil for a kind that does not exist.
func Example(kind string, l i18n.Lang) Paper {
	s, ok := shops()[l]
	if !ok {
		return nil
	}
	switch kind {
	case Sale{}.Kind():
		return s.richSale()
	case Return{}.Kind():
		return s.returned()
	case Coupon{}.Kind():
		return s.couponOf()
	case GiftCardSlip{}.Kind():
		return s.giftCardOf()
	case BlankGiftCard{}.Kind():
		return &BlankGiftCard{Print: s.print, Name: s.reward, Serial: "G7Q2K9XM4", Number: 3, Of: 50}
	case Balance{}.Kind():
		return s.balanceOf()
	case Transfer{}.Kind():
		return s.transferOf()
	case DayReport{}.Kind():
		return s.report()
	}
	return nil
}

// shop is what differs between the shops of the examples.
type shop struct {
	print   Print
	cashier string
	tier    string
	rule    string
	lines   []Line
	coupon  string
	wallet  string
	offer   string
	stamps  string
	reward  string
	won     string
	worth   int64 // of a coupon, minor units
}

func shops() map[i18n.Lang]shop {
	brand := func(name, address, registration string) Brand {
		return Brand{Store: name, Lines: []string{address}, Registration: registration}
	}
	pieces := func(name string, n, price int64) Line {
		return Line{Name: name, Quantity: n * 1000, Price: price, Amount: n * price}
	}
	return map[i18n.Lang]shop{
		i18n.English: {
			print:   Print{Lang: i18n.English, Currency: i18n.Currency{Code: "EUR", Digits: 2}, Brand: brand("Corner Shop", "12 Harbour Street, Galway", "VAT IE1234567A")},
			cashier: "Anna", tier: "Gold", rule: "Base rule", coupon: "Welcome to our shop", wallet: "Credit",
			offer: "Weekend offer", stamps: "Coffee card", reward: "Coffee mug", won: "You have won a free coffee!", worth: 500,
			lines: []Line{
				pieces("Milk 1 l", 1, 129), pieces("Rye bread", 2, 145),
				{Name: "Bananas", Quantity: 350, Price: 199, Amount: 70}, pieces("Coffee beans, dark roast, fair trade, 500 g", 1, 899),
			},
		},
		i18n.Latvian: {
			print:   Print{Lang: i18n.Latvian, Currency: i18n.Currency{Code: "EUR", Digits: 2}, Brand: brand("Veikals Ābols", "Brīvības iela 21, Rīga", "PVN LV40001234567")},
			cashier: "Ilze", tier: "Zelta", rule: "Pamatlikme", coupon: "Sveiciens jaunajam klientam", wallet: "Kredīts",
			offer: "Nedēļas nogales cena", stamps: "Kafijas karte", reward: "Kafijas krūze", won: "Jūs laimējāt kafiju!", worth: 500,
			lines: []Line{
				pieces("Piens 2,5% 1 l", 1, 129), pieces("Rudzu maize „Lielā”", 2, 145),
				{Name: "Banāni", Quantity: 350, Price: 199, Amount: 70}, pieces("Ķirbju sēklas", 1, 249),
				pieces("Šķiņķis, kūpināts", 1, 389), pieces("Žāvēti āboli", 3, 119), pieces("Biezpiens 9%", 1, 115),
				pieces("Kefīrs 1 l", 1, 139), pieces("Ūdens „Gāzēts” 1,5 l", 6, 59), pieces("Čipsi ar ķiplokiem", 1, 199),
				pieces("Kafija, grauzdēta, malta, godīgā tirdzniecība, 500 g", 1, 899), pieces("Maisiņš", 1, 15),
			},
		},
		i18n.Polish: {
			print:   Print{Lang: i18n.Polish, Currency: i18n.Currency{Code: "PLN", Digits: 2}, Brand: brand("Sklep Żółw", "ul. Świętojańska 5, Gdynia", "NIP 123-456-32-18")},
			cashier: "Łucja", tier: "Złoty", rule: "Reguła podstawowa", coupon: "Na dobry początek", wallet: "Kredyt",
			offer: "Oferta weekendowa", stamps: "Karta kawowa", reward: "Kubek do kawy", won: "Wygrywasz darmową kawę!", worth: 2000,
			lines: []Line{
				pieces("Mleko 1 l", 1, 429), pieces("Chleb żytni", 2, 650),
				{Name: "Gruszki", Quantity: 1250, Price: 799, Amount: 999}, pieces("Śledź w oleju", 1, 1199),
			},
		},
		i18n.Estonian: {
			print:   Print{Lang: i18n.Estonian, Currency: i18n.Currency{Code: "EUR", Digits: 2}, Brand: brand("Külapood Õun", "Pärnu mnt 7, Tallinn", "KMKR EE100123456")},
			cashier: "Tõnu", tier: "Kuldne", rule: "Põhireegel", coupon: "Tere tulemast", wallet: "Krediit",
			offer: "Nädalalõpu pakkumine", stamps: "Kohvikaart", reward: "Kohvikruus", won: "Võitsite tasuta kohvi!", worth: 500,
			lines: []Line{
				pieces("Piim 1 l", 1, 119), pieces("Rukkileib", 2, 155),
				{Name: "Õunad", Quantity: 780, Price: 149, Amount: 116}, pieces("Šokolaad, täispiim", 1, 249),
			},
		},
		i18n.Persian: {
			print:   Print{Lang: i18n.Persian, Currency: i18n.Currency{Code: "IRR"}, Brand: brand("فروشگاه سیب", "تهران، خیابان ولیعصر، پلاک ۲۱", "")},
			cashier: "A.B.", tier: "طلایی", rule: "قاعدهٔ پایه", coupon: "خوش آمدید", wallet: "اعتبار",
			offer: "پیشنهاد آخر هفته", stamps: "کارت قهوه", reward: "لیوان قهوه", won: "یک قهوهٔ رایگان بردید!", worth: 500000,
			lines: []Line{
				pieces("شیر کم‌چرب ۱ لیتری", 1, 525000), pieces("نان سنگک", 2, 150000),
				{Name: "موز", Quantity: 350, Price: 900000, Amount: 315000}, pieces("نوشابه Coca Cola 1.5 L لاله (A.B.)", 1, 480000),
			},
		},
		i18n.Armenian: {
			print:   Print{Lang: i18n.Armenian, Currency: i18n.Currency{Code: "AMD"}, Brand: brand("Խնձոր խանութ", "Աբովյան փող. 21, Երևան", "")},
			cashier: "Անի", tier: "Ոսկե", rule: "Հիմնական կանոն", coupon: "Բարի գալուստ", wallet: "Կրեդիտ",
			offer: "Շաբաթավերջի առաջարկ", stamps: "Սուրճի քարտ", reward: "Սուրճի բաժակ", won: "Դուք շահեցիք անվճար սուրճ", worth: 1000,
			lines: []Line{
				pieces("Կաթ 1 լ", 1, 550), pieces("Տարեկանի հաց", 2, 450),
				{Name: "Բանան", Quantity: 350, Price: 900, Amount: 315}, pieces("Սուրճ՝ աղացած, 500 գ", 1, 3990),
			},
		},
	}
}

// sale is the same purchase in each shop: points redeemed and earned.
func (s shop) sale() *Sale {
	var total int64
	for _, l := range s.lines {
		total += l.Amount
	}
	value := total / 10
	why := loyalty.Finding{
		Rule: "base", Code: loyalty.ExplainApplied, Applied: true, Points: 21,
		Base: total - value, RatePoints: 1, RatePer: 100,
	}
	names := func(loyalty.ArgKind, string) string { return s.rule }
	return &Sale{
		Print: s.print, Number: "12-1-000123", Lane: "1", Cashier: s.cashier, At: noon(), Lines: s.lines,
		Total: total, Redeemed: 100, Value: value,
		Tenders: []Tender{{Kind: loyalty.TenderCash, Amount: total - value}},
		Why:     []string{Explain(s.print.Lang, s.print.Currency, why, names)},
		ToPay:   total - value,
		Member: &Member{Earned: 21, Account: Account{
			Card: "6034…0018", Tier: s.tier, Balance: 1432, AsOf: noon().Add(-4 * time.Hour), Provisional: true,
			Ending: []Points{{30, noon().AddDate(0, 0, 9)}},
		}},
	}
}

// richSale is a purchase with everything that a receipt can tell of a member.
func (s shop) richSale() *Sale {
	r := s.sale()
	names := func(kind loyalty.ArgKind, id string) string {
		switch {
		case kind == loyalty.ArgTier:
			return s.tier
		case id == "stamps":
			return s.stamps
		}
		return s.rule
	}
	explain := func(f loyalty.Finding) string { return Explain(s.print.Lang, s.print.Currency, f, names) }
	off := r.Total / 20
	r.Reduced = []Reduction{{Name: s.offer, Amount: off}, {Name: s.coupon, Serial: "1-6Q2W8ZK3M0TR", Amount: off}}
	r.Total -= 2 * off
	r.Tenders[0].Amount -= 2 * off
	r.Member.Provisional, r.Member.AsOf = false, time.Time{}
	r.Member.Rewards = 250
	r.Member.Ending = []Points{{30, noon().AddDate(0, 0, 9)}, {1, noon().AddDate(0, 0, 39)}}
	r.Member.Coming = []Points{{21, noon().AddDate(0, 0, 14)}}
	r.Member.Progress = []string{
		explain(loyalty.Finding{Code: loyalty.ExplainTierNextSpend, Detail: "gold", Missing: off}),
		explain(loyalty.Finding{Code: loyalty.ExplainTierStayPoints, Rule: "gold", Detail: "2026-12-31", Missing: 70}),
	}
	const rate = 2100
	r.Taxes = []Tax{{Rate: rate, Amount: r.Total, Tax: r.Total * rate / (10_000 + rate)}}
	paid := r.Total / 5
	r.Paid = []Reduction{{Name: s.wallet, Amount: paid}}
	r.Tenders = []Tender{{Kind: loyalty.TenderGiftCard, Card: "…4711", Amount: paid}, {Kind: loyalty.TenderCash, Amount: r.Total - r.Value - 2*paid}}
	r.Cards = []GiftCard{{Card: "…4711", Balance: 3 * paid, Ends: noon().AddDate(1, 0, 0)}, {Card: "…0815", Balance: 10 * paid, Waits: true}}
	r.Won = []string{s.won}
	r.Member.ActiveUntil = noon().AddDate(0, 6, 0)
	r.Member.Wallets = []Wallet{{Name: s.wallet, Money: true, Earned: 45, Balance: loyalty.Points(2 * paid), Ending: []Points{{45, noon().AddDate(0, 0, 30)}}}}
	r.Member.Stamps = []string{explain(loyalty.Finding{Rule: "stamps", Code: loyalty.ExplainStamps, Base: 3, Limit: 10, Missing: 7})}
	r.Member.Next = &Reward{Name: s.reward, Cost: 2000, Missing: 568}
	r.ToPay = r.Total - r.Value - paid
	r.Bill = "LB1:0AB%2F$ZZ9K-4T7+QX.V8/M1:3ND6 CEJ5GHRL*WS0PBYU2IAO" // of the shortest bills
	return r
}

// returned is the first two lines of the same purchase coming back, with points that were spent meanwhile.
func (s shop) returned() *Return {
	var money int64
	for _, l := range s.lines[:2] {
		money += l.Amount
	}
	names := func(loyalty.ArgKind, string) string { return s.rule }
	explain := func(f loyalty.Finding) string { return Explain(s.print.Lang, s.print.Currency, f, names) }
	balance := loyalty.Points(12)
	return &Return{
		Print: s.print, Number: "12-1-000125", Lane: "1", Cashier: s.cashier, At: noon(), Sale: "12-1-000123", SoldOn: noon().AddDate(0, 0, -2),
		Lines: s.lines[:2], Repriced: money / 8, Money: money - money/8, Withheld: money / 10, Refund: money - money/8 - money/10, Balance: &balance,
		ToCards: []Tender{{Card: "…4711", Amount: money / 4}}, Coupons: []Reduction{{Name: s.coupon, Serial: "1-6Q2W8ZK3M0TR"}},
		Why: []string{
			explain(loyalty.Finding{Code: loyalty.ExplainReturnTaken, Applied: true, Points: -9}),
			explain(loyalty.Finding{Code: loyalty.ExplainReturnBack, Applied: true, Points: 5}),
			explain(loyalty.Finding{Code: loyalty.ExplainReturnShort, Missing: 4}),
		},
	}
}

func (s shop) couponOf() *Coupon {
	return &Coupon{
		Print: s.print, Name: s.coupon, Serial: "C7Q2K9XM4", Value: s.worth, Minimum: 4 * s.worth,
		ValidFrom: noon(), ValidTo: noon().AddDate(0, 1, 0),
	}
}

func (s shop) report() *DayReport {
	return &DayReport{
		Print: s.print, Lane: "1", Day: noon(), ClosedAt: noon().Add(9 * time.Hour), First: 1, Last: 87, Count: 87,
		Sales: 81, Turnover: 123456, ToPay: 122456,
		Tenders: []TenderTotal{{loyalty.TenderCard, 50, 100456}, {loyalty.TenderCash, 31, 22000}},
		Earned:  1200, Redeemed: 1000, Value: 1000, Loaded: 300, Coupons: 2,
		Returned: loyalty.ReturnTotals{Count: 3, Money: 4550, Withheld: 50, Refund: 4500, Taken: 45, Back: 10},
	}
}

func (s shop) giftCardOf() *GiftCardSlip {
	return &GiftCardSlip{
		Print: s.print, Number: "12-1-000127", At: noon(),
		Card: GiftCard{Card: "…0815", Balance: 5000, Ends: noon().AddDate(1, 0, 0), Waits: true, Sold: true},
	}
}

func (s shop) transferOf() *Transfer {
	return &Transfer{
		Print: s.print, Number: "12-1-000128", Lane: "1", Cashier: s.cashier, At: noon(), From: "6034…0018", To: "6034…0026", Reason: "gift",
		Points: 400, Usable: noon().AddDate(0, 0, 3), Before: 1432, After: 1032,
	}
}

func (s shop) balanceOf() *Balance {
	r := s.richSale()
	account := r.Member.Account
	account.AsOf, account.Provisional = noon().Add(-4*time.Hour), true
	return &Balance{Print: s.print, Lane: "1", At: noon(), Account: account}
}
