package devices_test

import (
	"encoding/json"
	"testing"
	"time"

	"loyaltill/devices"
)

func TestHealthKeepsWhenTheTroubleBeganAndWhenTheDeviceLastWorked(t *testing.T) {
	nine := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return nine.Add(time.Duration(minutes) * time.Minute) }

	var h devices.Health
	if h.State != devices.Unknown {
		t.Fatalf("zero health is %q, want unknown", h.State)
	}
	h = h.Next(devices.OK, "", at(0)).Next(devices.OK, "", at(5))
	if h.Since != at(0) || h.LastGood != at(5) {
		t.Fatalf("working: since %v, last good %v", h.Since, h.LastGood)
	}
	h = h.Next(devices.Attention, "printer_paper_out", at(6)).Next(devices.Attention, "printer_paper_out", at(9))
	if h.Since != at(6) || h.LastGood != at(5) {
		t.Fatalf("paper out: since %v, last good %v", h.Since, h.LastGood)
	}
	if h = h.Next(devices.Attention, "printer_cover_open", at(10)); h.Since != at(10) {
		t.Fatalf("another trouble began at %v, want %v", h.Since, at(10))
	}
}

func TestHealthInJSONLeavesOutWhatWasNeverSeen(t *testing.T) {
	h := devices.Health{}.Next(devices.Absent, "reader_absent", time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	got, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"state":"absent","code":"reader_absent","since":"2026-03-01T09:00:00Z"}`; string(got) != want {
		t.Fatalf("got %s\nwant %s", got, want)
	}
}
