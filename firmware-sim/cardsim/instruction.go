package cardsim

const (
	insVerify               = 0x20
	insChange               = 0x24
	insUnblock              = 0x2C
	insGenerateKey          = 0x46
	insInitializeUpdate     = 0x50
	insLoad                 = 0x52
	insDebit                = 0x54
	insUndo                 = 0x56
	insQuery                = 0x58
	insBalance              = 0x5C
	insExternalAuthenticate = 0x82
	insKeyAgree             = 0x88
	insSelect               = 0xA4
	insReadBinary           = 0xB0
	insReadRecord           = 0xB2
	insRenew                = 0xDA
	insStoreData            = 0xE2
)

type protection int

const (
	plainOnly protection = iota
	secureOnly
	either
)

// instruction is one row of card.md 2, 3 and 5: the class without its secure messaging bit, how it may be sent, whether
// it is for blank cards or for all others, and what it does.
type instruction struct {
	cla        byte
	protection protection
	blank      bool // SELECT is for both
	run        func(*Core, command) reply
}

func instructionOf(ins byte) (instruction, bool) {
	switch ins {
	case insSelect:
		return instruction{0, plainOnly, false, (*Core).selectApplication}, true
	case insReadBinary:
		return instruction{0, plainOnly, false, (*Core).readBinary}, true
	case insKeyAgree:
		return instruction{0, plainOnly, false, (*Core).keyAgree}, true
	case insVerify:
		return instruction{0, either, false, (*Core).verify}, true
	case insChange:
		return instruction{0, secureOnly, false, changes((*Core).changePIN)}, true
	case insUnblock:
		return instruction{0, secureOnly, false, changes((*Core).unblock)}, true
	case insReadRecord:
		return instruction{0, secureOnly, false, (*Core).readJournal}, true
	case insBalance:
		return instruction{claProprietary, secureOnly, false, fixed(0, (*Core).balance)}, true
	case insDebit:
		return instruction{claProprietary, secureOnly, false, changes(fixed(debitSize, (*Core).debit))}, true
	case insUndo:
		return instruction{claProprietary, secureOnly, false, changes(fixed(undoSize, (*Core).undo))}, true
	case insQuery:
		return instruction{claProprietary, secureOnly, false, fixed(txidSize, (*Core).query)}, true
	case insLoad:
		return instruction{claProprietary, secureOnly, false, fixed(voucherSize, (*Core).load)}, true
	case insRenew:
		return instruction{claProprietary, plainOnly, false, (*Core).renew}, true
	case insInitializeUpdate:
		return instruction{claProprietary, plainOnly, true, (*Core).initializeUpdate}, true
	case insExternalAuthenticate:
		return instruction{claProprietary, secureOnly, true, (*Core).authenticateAgain}, true
	case insGenerateKey:
		return instruction{claProprietary, secureOnly, true, fixed(0, (*Core).generateKey)}, true
	case insStoreData:
		return instruction{claProprietary, secureOnly, true, (*Core).storeData}, true
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
