// Package uplink keeps a store and head office in step: it pushes the log's entries and pulls the registers' changes,
// for ever, over connections that come and go; and it answers whom the store lets fetch from it when that line is down.
//
// It owns the client's side of the protocol and the state that is shown of it. It must never delete or change an entry,
// never give up, and never keep a till from selling: whatever head office answers, the worst it does is wait.
package uplink
