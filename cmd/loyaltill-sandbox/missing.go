package main

// missing are codes that nobody can have answered from outside, each with the reason.
func missing() map[string]string {
	const clock = "a day must pass, and the sandbox lives by the machine's clock"
	return map[string]string{
		"advance_gone":           "needs an upload of the store's advance in the instant in which the card pays",
		"agent_restarting":       "lasts for a moment, after the tills were changed on the manager page",
		"config_by_hand":         "needs a configuration file that a person laid out otherwise than the product does",
		"config_locked":          "needs a configuration file that the agent's user may not write",
		"card_funds":             "the till never asks a card for more than it said it holds: a card that says otherwise at DEBIT is not made by the simulator",
		"coupon_currency":        "all stores of a chain have one currency, and no other chain's signature is taken",
		"coupon_unknown_issuer":  "every store number has a key of the chain: what such a key has not signed is `coupon_forged`",
		"entry_pruned":           "entries are kept for months",
		"gift_card_expired":      clock,
		"internal":               "a fault of ours; treat it as `ledger_unavailable`",
		"ledger_unavailable":     "the disk must fail or be full",
		"member_lots":            "needs a member with thousands of lots",
		"member_numbers_used_up": "needs thousands of new members while head office is away",
		"pair_ledger":            "needs the data folder of an earlier life of the box",
		"pinpad_failed":          "the simulated reader's keypad does not fail by itself",
		"points_elsewhere":       "needs a second store with readers, and a card that pays in both at once",
		"puk_not_set":            "head office gives every card a PUK",
		"reserve_over":           "the agent itself releases what has run out within seconds, then it is `reserve_settled`",
	}
}
