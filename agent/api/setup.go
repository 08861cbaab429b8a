package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/setup"
	"loyaltill/internal/i18n"
)

// setupAPI is what the setup page calls, until there is a configuration.
type setupAPI struct {
	*Server
	setup *setup.Setup
	till  func() (string, error) // token of the tills of the agent that comes after
}

// NewSetup builds the server of a first start: the setup page and its calls, and nothing of a store. till gives the token with
// which the page goes on to the till.
func NewSetup(s *setup.Setup, o Options, till func() (string, error), log zerolog.Logger) *Server {
	server := newServer(nil, o, log)
	mux, api := server.open("Loyaltill first start")
	setupAPI{Server: server, setup: s, till: till}.routes(api)
	server.close(mux, api, o.Pages)
	return server
}

func (p setupAPI) routes(api huma.API) {
	route(p.Server, api, settingUp(), "GET", "/v1/setup", 200, "How far the setup has come, and what is plugged in", p.look)
	route(p.Server, api, settingUp(), "POST", "/v1/setup/pair", 200, "Become the store that a pairing code is for", p.pair)
	route(p.Server, api, settingUp(), "POST", "/v1/setup/slip", 200, "Ask a lane's printer who it is and print a slip on it", p.slip)
	route(p.Server, api, settingUp(), "POST", "/v1/setup/lanes", 200, "Write the configuration", p.save)
}

// setupView is the state, with sentences.
type setupView struct {
	setup.State
	Message string `json:"reader_message,omitempty" doc:"why no readers can be seen, and what to do"`
	Token   string `json:"token,omitempty" doc:"when done: the till's"`
}

func (p setupAPI) view(ctx context.Context) (*reply[setupView], error) {
	v := setupView{State: p.setup.Look(language(ctx))}
	if v.Trouble != "" {
		v.Message = i18n.Text(language(ctx), "cashier."+string(v.Trouble), nil)
	}
	var err error
	if v.Done {
		v.Token, err = p.till()
	}
	return answer(ctx, p.Server, v, err)
}

func (p setupAPI) look(ctx context.Context, _ *empty) (*reply[setupView], error) { return p.view(ctx) }

type pairIn struct {
	Body struct {
		Code   string `json:"code" maxLength:"300" doc:"as head office printed it"`
		Office string `json:"head_office,omitempty" maxLength:"200" doc:"for a code without an address"`
	}
}

func (p setupAPI) pair(ctx context.Context, in *pairIn) (*reply[setupView], error) {
	if err := p.setup.Pair(ctx, in.Body.Code, in.Body.Office); err != nil {
		return nil, p.problem(ctx, err)
	}
	return p.view(ctx)
}

type slipOut struct {
	setup.Slip
	Message string `json:"message,omitempty" doc:"what was in the way, and what to do"`
}

type setupSlipIn struct{ Body agent.LaneConfig }

func (p setupAPI) slip(ctx context.Context, in *setupSlipIn) (*reply[slipOut], error) {
	slip, err := p.setup.TestSlip(ctx, language(ctx), in.Body)
	return viewSlip(ctx, p.Server, slip, err)
}

// viewSlip adds the sentence.
func viewSlip(ctx context.Context, s *Server, slip setup.Slip, err error) (*reply[slipOut], error) {
	out := slipOut{Slip: slip}
	if slip.Code != "" {
		out.Message = i18n.Text(language(ctx), "cashier."+string(slip.Code), nil)
	}
	return answer(ctx, s, out, err)
}

type lanesIn struct {
	Body struct {
		Lanes []agent.LaneConfig `json:"lanes" minItems:"1" maxItems:"32"`
	}
}

func (p setupAPI) save(ctx context.Context, in *lanesIn) (*reply[setupView], error) {
	if err := p.setup.Save(language(ctx), in.Body.Lanes); err != nil {
		return nil, p.problem(ctx, err)
	}
	return p.view(ctx)
}
