// Package headoffice is the centre: it takes the stores' logs in, posts them, judges every sale again, sends members,
// programmes, blocked cards and vouchers back down, and publishes closed business days.
//
// It owns head office's keys and the meaning of an uploaded entry; rows and SQL belong to store/hodb. It must never
// refuse an entry for what it says: an entry whose envelope is right is accepted first and judged later, and what cannot
// be judged goes to the store's suspense account with a case. Nothing here may be imported by the store's agent, since
// card keys are reachable from here.
package headoffice
