package headoffice

import (
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// Anna and Berta give the same phone number for the newsletter, in two stores that cannot hear each other. Who gave it first is
// thanked, whichever store is heard first. When a third store tells that Anna had been thanked the day before, under another number,
// this one is Berta's.
func TestAProofCountsForOneMemberInAllStores(t *testing.T) {
	text := strings.Replace(deedProgramme, "points: 30", "points: 30, proof: phone", 1)
	hash := func(phone string) string {
		h, err := loyalty.HashProof([]byte("key"), "phone", phone)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	shared, own := hash("+371 2000000"), hash("+371 2000001")
	for name, order := range map[string][]int{"in their order": {0, 1}, "the later first": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			c := newCentre(t)
			p := c.publishText(text)
			late, one, two := c.enrol(3, p), c.enrol(1, p), c.enrol(2, p)
			anna, berta := c.member("6034000000000018"), c.member("6034000000000026")
			thank := func(b *box, member loyalty.MemberID, proof string) {
				state := &loyalty.MemberState{ID: member, Medium: loyalty.MediumNumber}
				b.made(p.Activity(loyalty.ActivityInput{Activity: "newsletter", Member: state, Proof: proof}, b.head()))
			}
			late.open()
			thank(late, anna, own)
			one.clock = late.clock
			one.open()
			thank(one, anna, shared)
			two.clock = one.clock
			two.open()
			thank(two, berta, shared)
			for _, i := range order {
				c.hear([]*box{one, two}[i], 1)
			}
			r := c.report()
			if a, b := r.member(t, anna).Balance, r.member(t, berta).Balance; a != 30 || b != 0 {
				t.Errorf("Anna has %d, Berta %d", a, b)
			}
			wantKinds(t, r, hodb.CaseActivityRepeated)
			c.hear(late, 1)
			r = c.report()
			if a, b := r.member(t, anna).Balance, r.member(t, berta).Balance; a != 30 || b != 30 {
				t.Errorf("after the third store Anna has %d, Berta %d", a, b)
			}
			wantKinds(t, r, hodb.CaseActivityRepeated)
			c.inOrder()
		})
	}
}
