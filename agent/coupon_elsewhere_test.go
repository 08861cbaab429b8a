package agent_test

import (
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// What head office tells of a coupon counts beside this store's own sales: used up elsewhere, or withdrawn there.
func TestACouponUsedOrWithdrawnElsewhereIsRefusedHere(t *testing.T) {
	s := newShop(t)
	s.publish(batchProgramme)
	_, papers := s.batch(agent.CouponRequest{Coupon: "qr", Count: 3})
	s.headOffice(agentdb.Change{Coupon: &agentdb.CouponElsewhere{Serial: papers[0].Serial, Used: 1}},
		agentdb.Change{Coupon: &agentdb.CouponElsewhere{Serial: papers[1].Serial, Void: true}})
	_, err := s.pays(papers[0].Serial)
	noCoupon(t, err, loyalty.CouponUsed)
	_, err = s.pays(papers[1].Serial)
	refused(t, err, agent.CodeCouponVoid)
	s.headOffice(agentdb.Change{Coupon: &agentdb.CouponElsewhere{Serial: papers[0].Serial}}) // its goods came back there
	for _, i := range []int{0, 2} {
		if sale, err := s.pays(papers[i].Serial); err != nil || sale.Total != 800 {
			t.Errorf("paper %d: %+v, %v", i+1, sale, err)
		}
	}
}
