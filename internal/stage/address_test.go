package stage

import "testing"

func TestAnAddressThatWasGivenIsNotGivenAgainSoon(t *testing.T) {
	seen := map[string]bool{}
	for range portsABlock / 2 {
		address, err := FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		if seen[address] {
			t.Fatalf("%s came twice", address)
		}
		seen[address] = true
	}
}

func TestTwoProcessesGiveNoAddressInCommon(t *testing.T) {
	own, err := ownBlock()
	if err != nil {
		t.Fatal(err)
	}
	other, err := claimBlock() // as another process would
	if err != nil {
		t.Fatal(err)
	}
	defer other.claim.Close()
	if own.first == other.first {
		t.Errorf("both have the ports from %d", own.first)
	}
}
