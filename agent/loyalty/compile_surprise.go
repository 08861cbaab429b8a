package loyalty

import "fmt"

// MaxSurprises bounds the surprises of one programme.
const MaxSurprises = 8

type surpriseDef struct {
	ID     string     `json:"id"`
	Name   texts      `json:"name"`
	Text   texts      `json:"text,omitempty"` // for the receipt of who wins
	Chance *chanceDef `json:"chance,omitempty"`
	Points int64      `json:"points,omitempty"`
	Coupon string     `json:"coupon,omitempty"`
	Reward string     `json:"reward,omitempty"` // one without money value
	Stock  *stockDef  `json:"stock,omitempty"`
	When   *whenDef   `json:"when,omitempty"`
}

type chanceDef struct {
	Win int64 `json:"win"`
	Of  int64 `json:"of"`
}

// surprise is one compiled surprise.
type surprise struct {
	id             string
	win, of        int64
	points         Points
	coupon, reward string
	when           *when
}

const maxChance = 1_000_000_000

func (c *compiler) compileSurprises() {
	if len(c.doc.Surprises) > MaxSurprises {
		c.fault("surprises", fmt.Sprintf("has %d surprises", len(c.doc.Surprises)), fmt.Sprintf("keep to %d", MaxSurprises))
		return
	}
	seen := c.ruleIDs()
	for i := range c.doc.GiftCards {
		seen[c.doc.GiftCards[i].ID] = true
	}
	for i := range c.doc.Issue {
		seen[c.doc.Issue[i].ID] = true
	}
	for i := range c.doc.Stamps {
		seen[c.doc.Stamps[i].ID] = true
	}
	for i := range c.doc.Surprises {
		def, path := &c.doc.Surprises[i], fmt.Sprintf("surprises[%d]", i)
		c.checkNewID(path+".id", def.ID, seen)
		c.checkTexts(path+".name", def.Name, true)
		c.checkTexts(path+".text", def.Text, false)
		c.p.surprises = append(c.p.surprises, c.surprise(path, def))
	}
}

func (c *compiler) surprise(path string, def *surpriseDef) surprise {
	s := surprise{id: def.ID, win: 1, of: 1, points: Points(def.Points), coupon: def.Coupon, reward: def.Reward, when: c.compileWhen(path+".when", def.When)}
	if d := def.Chance; d != nil {
		s.win, s.of = d.Win, d.Of
		if d.Of < 2 || d.Of > maxChance || d.Win < 1 || d.Win >= d.Of {
			c.fault(path+".chance", fmt.Sprintf("%d of %d is no chance", d.Win, d.Of), fmt.Sprintf("write such as {win: 1, of: 20}, up to %d; leave it out for always", maxChance))
		}
	} else if def.When == nil {
		c.fault(path, "comes with every bill", "write a chance, or a condition such as when: {every: 10}")
	}
	given := 0
	for _, has := range []bool{def.Points != 0, def.Coupon != "", def.Reward != ""} {
		if has {
			given++
		}
	}
	if given > 1 || given == 0 && len(def.Text) == 0 {
		c.fault(path, "must give one of points, coupon and reward", "or say something in text")
	}
	c.checkPoints(path+".points", def.Points, 0)
	if def.Coupon != "" {
		c.couponNamed(path+".coupon", def.Coupon)
	}
	c.perk(path+".reward", def.Reward)
	c.supply(path, def.ID, def.Stock, nil)
	return s
}

func surpriseNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"surprise":        {"", schemaNode{"anyOf": []schemaNode{{"required": []string{"chance"}}, {"required": []string{"when"}}}}},
		"surprise.id":     {"Names the surprise in every entry.", anID()},
		"surprise.name":   {"For receipts and screens.", someText()},
		"surprise.text":   {"For the receipt of who wins.", nil},
		"surprise.chance": {"Drawn when the bill is paid; left out, always when the condition holds.", nil},
		"surprise.points": {"Gives so many points.", between(0, maxPoints)},
		"surprise.coupon": {"Gives a coupon of this kind.", nil},
		"surprise.reward": {"Gives this reward, one without gives, for nothing.", nil},
		"surprise.stock":  {"There are only so many.", nil},
		"surprise.when":   {"The condition on the bill; left out, always.", nil},
		"chance.win":      {"So many win ...", between(1, maxChance)},
		"chance.of":       {"... of so many.", between(2, maxChance)},
	}
}
