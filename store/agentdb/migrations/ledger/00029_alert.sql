-- +goose Up

-- What each member did by business day: alerts count from it.
CREATE INDEX entry_member_day ON entry (kind, day, member) WHERE member > 0;

-- Whose card is a member of staff's own. Who a member is, head office alone knows.
CREATE TABLE staff_card (
    staff  INTEGER PRIMARY KEY REFERENCES staff (number),
    member INTEGER NOT NULL CHECK (member > 0)
) STRICT;

-- What somebody wrote about an alert.
CREATE INDEX act_alert ON act (about) WHERE what = 'alert_seen';
