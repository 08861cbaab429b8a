package cardsim

const (
	insVerify     = 0x20
	insChange     = 0x24
	insUnblock    = 0x2C
	insLoad       = 0x52
	insDebit      = 0x54
	insUndo       = 0x56
	insQuery      = 0x58
	insBalance    = 0x5C
	insKeyAgree   = 0x88
	insSelect     = 0xA4
	insReadBinary = 0xB0
	insReadRecord = 0xB2
)

type protection int

const (
	plainOnly protection = iota
	secureOnly
	either
)

// instruction is one row of card.md 2 and 3: the class without its secure messaging bit, how it may be sent, and
// what it does.
type instruction struct {
	cla        byte
	protection protection
	run        func(*Core, command) reply
}

func instructionOf(ins byte) (instruction, bool) {
	switch ins {
	case insSelect:
		return instruction{0, plainOnly, (*Core).selectApplication}, true
	case insReadBinary:
		return instruction{0, plainOnly, (*Core).readBinary}, true
	case insKeyAgree:
		return instruction{0, plainOnly, (*Core).keyAgree}, true
	case insVerify:
		return instruction{0, either, (*Core).verify}, true
	case insChange:
		return instruction{0, secureOnly, changes((*Core).changePIN)}, true
	case insUnblock:
		return instruction{0, secureOnly, changes((*Core).unblock)}, true
	case insReadRecord:
		return instruction{0, secureOnly, (*Core).readJournal}, true
	case insBalance:
		return instruction{claProprietary, secureOnly, fixed(0, (*Core).balance)}, true
	case insDebit:
		return instruction{claProprietary, secureOnly, changes(fixed(debitSize, (*Core).debit))}, true
	case insUndo:
		return instruction{claProprietary, secureOnly, changes(fixed(undoSize, (*Core).undo))}, true
	case insQuery:
		return instruction{claProprietary, secureOnly, fixed(txidSize, (*Core).query)}, true
	case insLoad:
		return instruction{claProprietary, secureOnly, changes(fixed(voucherSize, (*Core).load))}, true
	}
	return instruction{}, false
}

// changes guards a command that a terminated card refuses.
func changes(run func(*Core, command) reply) func(*Core, command) reply {
	return func(c *Core, cmd command) reply {
		if c.terminated() {
			return refuse(swConditions)
		}
		return run(c, cmd)
	}
}

// fixed checks P1 P2 = 0000 and the one length that the command has.
func fixed(size int, run func(*Core, []byte) reply) func(*Core, command) reply {
	return func(c *Core, cmd command) reply {
		switch {
		case cmd.p1p2() != 0:
			return refuse(swParameters)
		case len(cmd.data) != size:
			return refuse(swLength)
		}
		return run(c, cmd.data)
	}
}
