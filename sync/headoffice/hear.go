package headoffice

import (
	"context"
	"time"

	"loyaltill/store/hodb"
)

// hearEvery is how often an instance looks what others did to the books that they share.
const hearEvery = 100 * time.Millisecond

// hear rings for what other instances did, until ctx ends.
func (o *Office) hear(ctx context.Context) {
	if !o.db.Shared() {
		return
	}
	var last hodb.Pulse
	for pause(ctx, nil, hearEvery) {
		var now hodb.Pulse
		err := o.db.View(ctx, func(tx *hodb.Tx) (err error) {
			now, err = tx.Pulse()
			return err
		})
		if err != nil {
			continue // whoever needs the database next says so
		}
		if now.Feed != last.Feed || now.Closes != last.Closes {
			o.changed.ring()
		}
		if now.Waiting {
			o.arrived.ring()
		}
		last = now
	}
}
