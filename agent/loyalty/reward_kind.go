package loyalty

// RewardKind is a reward of the programme: what members can have for points.
type RewardKind struct {
	ID   string
	Cost Points
}

// RewardKinds lists the rewards in the order of the document.
func (p *Programme) RewardKinds() []RewardKind {
	kinds := make([]RewardKind, len(p.rewards))
	for i := range p.rewards {
		kinds[i] = RewardKind{ID: p.rewards[i].id, Cost: p.rewards[i].cost}
	}
	return kinds
}
