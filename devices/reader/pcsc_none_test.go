//go:build !windows && !(cgo && pcsc)

package reader

import "testing"

func TestProgramWithoutPCSCSaysSo(t *testing.T) {
	s, readers := serve(t, Selector{Name: "ACS.*"})
	await(t, "the reader says so", func() bool { return readers[0].Health().Code == CodeNotBuilt })
	_, err := readers[0].Connect(t.Context())
	wantErr(t, err, ErrNotBuilt)
	if _, err := Probe(); err == nil || s.List().Service.Code != CodeNotBuilt {
		t.Fatalf("probe %v, list %+v", err, s.List())
	}
}
