// Package api is the agent's HTTP edge: JSON calls and an event stream for POS software and the till page.
//
// It owns the routes, who may call them, what a request must look like, and the sentence that a person reads when
// something cannot be done. Handlers decode, call one method of the agent, and encode; nothing is decided here.
package api
