package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/rs/zerolog"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/agent/setup"
	"loyaltill/agent/staff"
	"loyaltill/internal/i18n"
	"loyaltill/internal/metrics"
)

// Limits of one call.
const (
	maxBody       = 256 << 10
	headerTimeout = 5 * time.Second
	writeTimeout  = 45 * time.Second // a customer has 30 to type on a reader; the event stream sets its own deadlines
	stopTimeout   = 3 * time.Second
)

// Server answers the local API and serves the pages.
type Server struct {
	agent    *agent.Agent
	log      zerolog.Logger
	language i18n.Lang
	token    [sha256.Size]byte
	handler  http.Handler
	metrics  *metrics.Agent
	version  string
	describe *huma.OpenAPI
	patterns []string // of the calls, for the description to be held against
	owner    [sha256.Size]byte
	sessions sessions
	diagnose func(context.Context, io.Writer) error
	pairings pairings
	tills    *setup.Tills
	practice practice
}

// Options are what a Server needs beside the agent.
type Options struct {
	Token    string
	Owner    string       // token of whoever has this machine; empty: nobody may do what only they may
	Language i18n.Lang    // for callers that ask for none
	Pages    http.Handler // the till page and its files
	Version  string
	Metrics  *metrics.Agent // nil: counted for nobody

	Diagnose func(context.Context, io.Writer) error // writes a bundle for support; nil: nobody can read one
	Tills    *setup.Tills                           // nil: nobody changes them
}

// New builds the server; it listens on nothing yet.
func New(a *agent.Agent, o Options, log zerolog.Logger) *Server {
	s := newServer(a, o, log)
	mux, api := s.open("Loyaltill store agent")
	s.routes(api)
	describeSetup(api)
	plain(mux, api, "/programme.schema.json", "application/schema+json", "What a programme document may hold, for editors", http.HandlerFunc(serveSchema))
	plain(mux, api, "/healthz", "application/json", "The process lives", http.HandlerFunc(s.healthz))
	plain(mux, api, "/readyz", "application/json", "Sales can be made; with 503 the reasons why not", http.HandlerFunc(s.readyz))
	plain(mux, api, "/metrics", "text/plain", "Figures for Prometheus", s.metrics.Handler())
	s.close(mux, api, o.Pages)
	return s
}

func newServer(a *agent.Agent, o Options, log zerolog.Logger) *Server {
	s := &Server{agent: a, log: log, language: o.Language, token: sha256.Sum256([]byte(o.Token)), owner: sha256.Sum256([]byte(cmp.Or(o.Owner, rand.Text()))), metrics: o.Metrics, version: o.Version, diagnose: o.Diagnose, tills: o.Tills}
	if s.metrics == nil {
		s.metrics = metrics.NewAgent(o.Version)
	}
	return s
}

// table is the mux that knows what it was given, which http.ServeMux does not tell.
type table struct {
	*http.ServeMux
	patterns []string
}

// HandleFunc and Handle are the mux's own.
func (t *table) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	t.Handle(pattern, http.HandlerFunc(handler))
}

func (t *table) Handle(pattern string, handler http.Handler) {
	t.patterns = append(t.patterns, pattern)
	t.ServeMux.Handle(pattern, handler)
}

// open begins a table of routes.
func (s *Server) open(title string) (*table, huma.API) {
	mux := &table{ServeMux: http.NewServeMux()}
	config := huma.DefaultConfig(title, apiVersion)
	config.Info.Description = "Local API of one store's agent. Money is in minor units, points are whole, quantities are thousandths."
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil
	config.Transformers = []huma.Transformer{s.transform}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	config.Security = []map[string][]string{{"token": {}}}
	return mux, humago.New(mux, config)
}

// close puts the guard before all routes; what is no call is a page's.
func (s *Server) close(mux *table, api huma.API, pages http.Handler) {
	s.describe, s.patterns = described(api.OpenAPI()), mux.patterns
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) { newProblem(r.Context(), codeNotFound).write(w) })
	if pages != nil {
		mux.Handle("/", pages)
	}
	s.handler = s.trace(s.guard(routed(mux.ServeMux)))
}

// OpenAPI is the description of the API, as served at /openapi.json.
func (s *Server) OpenAPI() *huma.OpenAPI { return s.describe }

// serveSchema gives editors what a programme document may hold.
func serveSchema(w http.ResponseWriter, r *http.Request) {
	text, err := loyalty.Schema()
	if err != nil {
		newProblem(r.Context(), codeInternal).write(w)
		return
	}
	w.Header().Set("Content-Type", "application/schema+json")
	_, _ = w.Write(text) // who went away needs no answer
}

// ServeHTTP lets tests call the server without a port.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes is the whole API and who may call what: everything under /v1 needs a token but signing in (access.go, session.go). Calls with a key change something and may be
// repeated.
func (s *Server) routes(api huma.API) {
	s.saleRoutes(api)
	s.paperRoutes(api)
	s.staffRoutes(api)
	s.displayRoutes(api)
	sse.Register(api, huma.Operation{OperationID: "events", Method: "GET", Path: "/v1/events", Summary: "Changes as they happen, each with the whole new state"},
		map[string]any{"lane": laneView{}, "sync": agent.SyncState{}, "job": agent.Job{}, "baskets": agent.Baskets{}}, s.events)
}

// saleRoutes are what a till needs for sales and members.
func (s *Server) saleRoutes(api huma.API) {
	route(s, api, tillsAnd(staff.Look), "GET", "/v1/status", 200, "The store at a glance", s.status)
	route(s, api, tillsAnd(staff.Look), "GET", "/v1/lanes", 200, "All lanes", s.lanes)
	route(s, api, tills(), "GET", "/v1/lanes/{lane}", 200, "One lane", s.lane)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/pin", 200, "One try at the card's PIN", s.pin)
	route(s, api, tills(), "PUT", "/v1/lanes/{lane}/pin", 200, "The member chooses the first PIN of a card that has none", s.choosePIN)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/unblock", 200, "The member gives the PUK and chooses a new PIN", s.unblock)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/pinpad", 200, "The customer types the PIN on the reader; answers when they have", s.pinpad)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/member", 200, "Who was scanned, swiped or typed", s.identify)
	route(s, api, tills(), "DELETE", "/v1/lanes/{lane}/member", 200, "Forget who tapped", s.forget)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/quote", 200, "What a sale would earn and cost; nothing is written", s.quote)
	route(s, api, tills(), "DELETE", "/v1/lanes/{lane}/quote", 200, "The bill was given up: the customer's display forgets it", s.dropQuote)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/sales", 201, "Commit a sale (key)", s.commit)
	route(s, api, tills(), "GET", "/v1/sales/{id}", 200, "Did it go through? The first answer again", s.sale)
	route(s, api, tills(), "DELETE", "/v1/sales/{id}", 200, "Drop a sale whose card has not answered", s.dropSale)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/returns/quote", 200, "What a return would give back; nothing is written", s.quoteReturn)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/returns", 201, "Take goods back (key)", s.takeBack)
	route(s, api, tills(), "GET", "/v1/baskets", 200, "Bills that wait to be paid, oldest first", s.baskets)
	route(s, api, tills(), "PUT", "/v1/baskets/{id}", 200, "Set a bill aside, or send one to a till", s.putBasket)
	route(s, api, tills(), "POST", "/v1/baskets/{id}/take", 200, "A till goes on with a bill that waits", s.takeBasket)
	route(s, api, tills(), "DELETE", "/v1/baskets/{id}", 200, "Give up a bill that waits", s.dropBasket)
	route(s, api, tills(), "GET", "/v1/activities", 200, "What gives points without a purchase", s.activities)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/activities", 201, "A member did one of them (key)", s.activity)
	route(s, api, tills(), "GET", "/v1/lanes/{lane}/transfers", 200, "What a member may give to others now", s.transferTerms)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/transfers/quote", 200, "What a transfer of points would move; nothing is written", s.quoteTransfer)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/transfers", 201, "Move points of one member to another (key)", s.transfer)
	route(s, api, tills(), "GET", "/v1/transfers/{id}", 200, "Did it go through? The first answer again", s.transferred)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/merges/quote", 200, "What making one member part of another would bring; nothing is written", s.quoteMerge)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/merges", 201, "Make one member part of another (key)", s.merge)
	route(s, api, tills(), "POST", "/v1/reservations", 201, "Set points or money of a wallet aside (key)", s.reserve)
	route(s, api, tills(), "POST", "/v1/reservations/{id}/settle", 200, "End a reservation (key)", s.settle)
	route(s, api, tills(), "POST", "/v1/payments", 201, "Money for a sale on account (key)", s.pay)
	route(s, api, tills(), "GET", "/v1/lanes/{lane}/account", 200, "How a member's account stands, as the slip has it", s.account)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/lost-card", 200, "A member has lost their card: block it", s.lostCard)
	route(s, api, tillsAnd(staff.Adjust), "GET", "/v1/members", 200, "A member by card number", s.member)
	route(s, api, tills(), "POST", "/v1/members", 201, "Make a member of who carries an unknown card or number (key)", s.enrol)
	route(s, api, tills(), "GET", "/v1/consent", 200, "What customers agree to who become members", s.consent)
	route(s, api, tillsAnd(staff.Train), "POST", "/v1/lanes/{lane}/training", 201, "Begin a training: sales, cards and papers of practice", s.train)
	route(s, api, tills(), "GET", "/v1/lanes/{lane}/training", 200, "The training of a lane, with the token to call with", s.training)
	route(s, api, tillsAnd(staff.Train), "DELETE", "/v1/lanes/{lane}/training", 200, "End a training; nothing is left of it", s.endTraining)
	route(s, api, tills(), "GET", "/v1/lanes/{lane}/practice-cards", 200, "In training: cards and members to practise with", s.practiceCards)
	route(s, api, tills(), "PUT", "/v1/lanes/{lane}/practice-card", 200, "In training: put a card into the reader, or take it out", s.practiceCard)
	route(s, api, tills(), "GET", "/v1/gift-card-kinds", 200, "Kinds of gift card that can be sold", s.giftCardKinds)
	route(s, api, tills(), "GET", "/v1/gift-cards/{serial}", 200, "What is on a gift card", s.giftCard)
}

// paperRoutes are what is printed, and what came of it.
func (s *Server) paperRoutes(api huma.API) {
	route(s, api, tillsAnd(staff.Issue), "POST", "/v1/lanes/{lane}/coupons", 201, "Issue and print a coupon, or a batch (key)", s.coupon)
	route(s, api, tillsAnd(staff.Issue), "POST", "/v1/lanes/{lane}/coupons/void", 200, "Take coupons out of use; print one anew in place of another (key)", s.voidCoupons)
	route(s, api, tillsAnd(staff.Issue), "POST", "/v1/lanes/{lane}/gift-cards", 201, "Print gift cards that are to be sold (key)", s.giftCards)
	route(s, api, tillsAnd(staff.Issue), "GET", "/v1/coupons", 200, "Coupons issued at the tills, by batch, newest first", s.couponBatches)
	route(s, api, tillsAnd(staff.Issue), "GET", "/v1/coupons/{seq}", 200, "One batch with each of its papers", s.couponBatch)
	route(s, api, tillsAnd(staff.Issue), "GET", "/v1/coupons/find", 200, "One coupon by its serial or code, with what it was issued with", s.findCoupon)
	route(s, api, tillsAnd(staff.CloseDay), "POST", "/v1/lanes/{lane}/close", 201, "Close the business day (key)", s.closeDay)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/slip", 201, "Print how a member's account stands (key)", s.slip)
	route(s, api, tillsAnd(staff.Figures), "POST", "/v1/lanes/{lane}/report", 201, "Print the totals of the day so far, an X report (key)", s.reportX)
	route(s, api, tills(), "GET", "/v1/paper/templates", 200, "Kinds of paper, and whose templates are in force", s.templates)
	route(s, api, tills(), "POST", "/v1/paper/preview", 200, "What a paper would look like; nothing is printed", s.preview)
	route(s, api, tillsAnd(staff.Jobs), "GET", "/v1/jobs", 200, "Print jobs, newest first", s.jobs)
	route(s, api, tillsAnd(staff.Jobs), "GET", "/v1/jobs/{id}", 200, "One print job", s.job)
	route(s, api, tills(), "GET", "/v1/jobs/{id}/picture", 200, "In training: what a job puts on paper", s.jobPicture)
	route(s, api, tillsAnd(staff.Jobs), "POST", "/v1/jobs/{id}/reprint", 201, "Print again, marked as a copy (key)", s.reprint)
	route(s, api, tillsAnd(staff.Jobs), "POST", "/v1/jobs/{id}/answer", 200, "What a person saw of an uncertain job (key)", s.answerJob)
	route(s, api, tillsAnd(staff.Jobs), "POST", "/v1/jobs/{id}/approve", 200, "Print a job whose time was over", s.approveJob)
	route(s, api, tillsAnd(staff.Jobs), "POST", "/v1/jobs/{id}/cancel", 200, "End a job that nobody wants any more", s.cancelJob)
	route(s, api, tillsAnd(staff.Jobs), "POST", "/v1/jobs/{id}/move", 200, "Give a job to another lane's printer", s.moveJob)
	route(s, api, tills(), "POST", "/v1/lanes/{lane}/drawer", 201, "Kick the cash drawer, at most once (key)", s.drawer)
}

// staffRoutes are for people who sign in, most of them on the manager page.
func (s *Server) staffRoutes(api huma.API) {
	route(s, api, anybody(), "POST", signInPath, 200, "Sign in: a number of staff and their PIN; at a till with its token, for the Staff-Session header", s.signIn)
	route(s, api, tillsAnd(staff.Adjust), "POST", "/v1/approvals", 200, "Somebody with the right answers for the one action that was refused as approvable (its key)", s.approveAction)
	route(s, api, signedIn(), "GET", "/v1/session", 200, "Who is signed in", s.whoAmI)
	route(s, api, signedIn(), "DELETE", "/v1/session", 200, "Sign out", s.signOut)
	route(s, api, anybody(), "POST", pairingPath, 201, "A web page of another server asks to be let in", s.beginPairing)
	route(s, api, anybody(), "GET", pairingPath+"/{id}", 200, "How that stands; once it was let in, its token", s.pairing)
	route(s, api, those(staff.Administer), "GET", "/v1/origins", 200, "Web pages of other servers that may call, and those that ask", s.origins)
	route(s, api, those(staff.Administer), "POST", "/v1/origins", 200, "Let a web page in that asks, or refuse it", s.answerOrigin)
	route(s, api, those(staff.Administer), "DELETE", "/v1/origins", 200, "Let a web page in no more", s.endOrigin)
	route(s, api, those(staff.Administer), "GET", "/v1/staff", 200, "Who works here, or did", s.staff)
	route(s, api, those(staff.Administer), "POST", "/v1/staff", 201, "Somebody begins to work here (key)", s.addStaff)
	route(s, api, those(staff.Administer), "PUT", "/v1/staff/{number}", 200, "Another name, role or language; who had left works here again", s.changeStaff)
	route(s, api, those(staff.Administer), "DELETE", "/v1/staff/{number}", 200, "Somebody works here no more", s.endStaff)
	route(s, api, those(staff.Administer), "PUT", "/v1/staff/{number}/pin", 200, "A new PIN for somebody", s.staffPIN)
	route(s, api, those(staff.Trail), "GET", "/v1/trail", 200, "What was done by hand, newest first", s.trail)
	route(s, api, those(staff.Issue), "GET", "/v1/gift-cards", 200, "Gift cards that this store sold, by serial", s.giftCardsSold)
	route(s, api, those(staff.Issue), "POST", "/v1/lanes/{lane}/gift-cards/void", 200, "Take a gift card out of use, as if it had not been sold (key)", s.voidGiftCard)
	route(s, api, those(staff.Trail), "GET", "/v1/alerts", 200, "What stands out in the ledger, the newest day first", s.alerts)
	route(s, api, those(staff.Trail), "POST", "/v1/alerts/seen", 200, "What a person found behind an alert", s.seeAlert)
	route(s, api, those(staff.Administer), "PUT", "/v1/staff/{number}/card", 200, "Which card is somebody's own", s.setOwnCard)
	route(s, api, those(staff.Look), "GET", "/v1/overview", 200, "One light for the store, and how each part does", s.overview)
	route(s, api, those(staff.Look), "GET", "/v1/printable", 200, "Coupons, gift cards, wallets and reasons of the programme in force", s.printable)
	route(s, api, those(staff.Look), "GET", "/v1/programme/versions", 200, "Versions of the programme and what each changed", s.versions)
	route(s, api, those(staff.Figures), "GET", "/v1/figures", 200, "The business day so far and the days before it", s.figures)
	route(s, api, those(staff.Issue), "POST", "/v1/lanes/{lane}/coupons/preview", 200, "The first paper of a batch; nothing is issued", s.previewIssue)
	route(s, api, those(staff.Try), "POST", "/v1/lanes/{lane}/test", 201, "Print a test slip (key)", s.testSlip)
	route(s, api, those(staff.Try), "POST", "/v1/lanes/{lane}/ticket", 201, "Print the samples by which a printer is commissioned (key)", s.ticket)
	route(s, api, those(staff.Look), "GET", "/v1/devices", 200, "What is plugged in, which till has it, and what tickets showed", s.fit)
	route(s, api, those(staff.Fit), "PUT", "/v1/devices/lanes", 200, "Other tills and devices; they hold after a restart, which comes when nobody is disturbed", s.fitLanes)
	route(s, api, those(staff.Fit), "POST", "/v1/devices/slip", 200, "Ask a printer that no till has yet who it is, and print a slip on it", s.fitSlip)
	route(s, api, those(staff.Fit), "POST", "/v1/lanes/{lane}/commission", 200, "What was seen on a commissioning ticket", s.commission)
	route(s, api, those(staff.Adjust), "POST", "/v1/adjustments", 201, "Correct points or credit by hand (key)", s.adjust)
	route(s, api, those(staff.Diagnose), "POST", "/v1/bundle", 200, "What support needs to know, sealed for support", s.bundle)
}

func route[In, Out any](s *Server, api huma.API, who access, method, path string, status int, summary string,
	handler func(context.Context, *In) (*Out, error)) {
	huma.Register(api, huma.Operation{
		OperationID: huma.GenerateOperationID(method, path, new(Out)), Method: method, Path: path,
		Summary: summary, Description: who.String(), DefaultStatus: status, MaxBodyBytes: maxBody,
	}, checked(s, who, method, handler))
}

// Serve answers on a listener until ctx ends.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: writeTimeout, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, // ends the event streams
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve the local api: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err := server.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	<-failed // http.ErrServerClosed
	return err
}
