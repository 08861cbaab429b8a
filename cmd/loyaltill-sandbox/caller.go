package main

import (
	"slices"
	"strings"
)

// caller is somebody who calls, or something that is called: the steps name it, and the sandbox writes a configuration of curl for it.
type caller struct {
	name    string
	base    string // variable with the address
	headers []header
	told    []header // beside them, with what a step has kept: no configuration can hold it
	is      string   // for the documentation
}

type header struct{ name, value string }

// callers are who the steps of outcomes may name.
func callers() []caller {
	plain := []header{{"Content-Type", "application/json"}, {"Accept-Language", "en"}}
	as := func(more ...header) []header { return append(slices.Clone(plain), more...) }
	return []caller{
		{"till", "AGENT", as(header{"Authorization", "Bearer $TOKEN"}), nil, "a till of store 1"},
		{"owner", "AGENT", as(header{"Authorization", "Bearer $OWNER_TOKEN"}), nil, "who may do everything in store 1, as the commands `loyaltill staff` do"},
		{"clerk", "AGENT", as(), []header{{"Authorization", "Bearer $session"}}, "somebody who has signed in: `session` is their token"},
		{"signed", "AGENT", as(header{"Authorization", "Bearer $TOKEN"}), []header{{"Staff-Session", "$session"}}, "a till at which somebody has signed in"},
		{"trainee", "AGENT", as(), []header{{"Authorization", "Bearer $training"}}, "a till in training: `training` is the training's token"},
		{"nobody", "AGENT", as(), nil, "a program without the token"},
		{"wrong", "AGENT", as(header{"Authorization", "Bearer wrong"}), nil, "a program with a wrong token"},
		{"page", "AGENT", as(header{"Origin", "https://shop.example"}), nil, "a web page of another server"},
		{"pages", "AGENT", as(), []header{{"Origin", "https://$uuid.example"}}, "a web page of yet another server"},
		{"rebound", "AGENT", as(header{"Authorization", "Bearer $TOKEN"}, header{"Host", "shop.example"}), nil, "a page whose name was pointed at this machine"},
		{"form", "AGENT", []header{{"Authorization", "Bearer $TOKEN"}, {"Content-Type", "text/plain"}}, nil, "a till that does not say application/json"},
		{"keyless", "AGENT", as(header{"Authorization", "Bearer $TOKEN"}, header{"Idempotency-Key", "12"}), nil, "a till whose key is no UUID"},
		{"second", "SECOND", as(header{"Authorization", "Bearer $SECOND_TOKEN"}), nil, "a till of store 2 of the chain, which has no devices"},
		{"other", "OTHER", as(header{"Authorization", "Bearer $OTHER_TOKEN"}), nil, "a till of another chain, where cashiers must sign in"},
		{"othersigned", "OTHER", as(header{"Authorization", "Bearer $OTHER_TOKEN"}), []header{{"Staff-Session", "$session"}}, "a till of the other chain at which somebody has signed in"},
		{"otherowner", "OTHER", as(header{"Authorization", "Bearer $OTHER_OWNER_TOKEN"}), nil, "who may do everything there"},
		{"setup", "SETUP", as(header{"Authorization", "Bearer $SETUP_TOKEN"}), nil, "the setup page of a box that was just unpacked"},
		{"sim", "SIM", plain[:1], nil, "the simulators: cards, readers, printers"},
		{"box", "BOX", plain[:1], nil, "the sandbox's own control"},
	}
}

func callerNamed(name string) caller {
	all := callers()
	return all[slices.IndexFunc(all, func(c caller) bool { return c.name == name })]
}

// config is the shell's variable with the caller's configuration of curl.
func (c caller) config() string { return "AS_" + strings.ToUpper(c.name) }
