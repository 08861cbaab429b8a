package cardsim

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// playSeed makes cards, inserts them and arms faults on a bench with a seed, and gives every byte that came out.
func playSeed(t *testing.T, seed uint64, look bool) string {
	t.Helper()
	dir, office, reader := t.TempDir(), newHeadOffice(t, 1), newVirtualReader(t)
	var out bytes.Buffer
	for _, name := range []string{"anna", "ben"} {
		request, err := CreateCard(dir, name, TestTransportKeys(), &seed)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s\n", request)
		if err := PersonaliseCard(dir, name, office.perso(t, request, nil)); err != nil {
			t.Fatal(err)
		}
	}
	bench, err := OpenBench(dir, []ReaderConfig{{Name: "lane-1", Addr: reader.addr()}}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	bench.UseSeed(seed)
	slot := bench.slots["lane-1"]
	running(t, slot)
	for _, name := range []string{"anna", "ben", "anna"} {
		if look {
			if _, err := bench.Status("ben"); err != nil {
				t.Fatal(err)
			}
		}
		if err := bench.Insert("lane-1", name); err != nil {
			t.Fatal(err)
		}
		reader.accept()
		newTap(t, func(capdu []byte) []byte {
			answer := reader.transmit(capdu)
			fmt.Fprintf(&out, "%X\n", answer)
			return answer
		})
		if err := bench.SetFault("lane-1", Fault{Kind: OverLong, Bytes: 4, Probability: 0.5, Sticky: true}); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			fmt.Fprintf(&out, "%X\n", reader.transmit(unhex("00CA000000")))
		}
		slot.Contacts.ClearFault()
	}
	return out.String()
}

func TestTheSameSeedGivesTheSameBytesAndTheSameFaults(t *testing.T) {
	first, again, other := playSeed(t, 7, false), playSeed(t, 7, true), playSeed(t, 8, false)
	if first != again {
		t.Errorf("two runs with one seed differ:\n%s\n%s", first, again)
	}
	if first == other {
		t.Error("another seed changes nothing")
	}
	nonces := map[string]bool{}
	for _, line := range strings.Split(first, "\n") {
		if len(line) == 2*(16+16+16+2) && strings.HasSuffix(line, "9000") { // KEY AGREE
			nonces[line[:32]] = true
		}
	}
	if len(nonces) != 3 {
		t.Errorf("%d nonces in three taps: %v", len(nonces), nonces)
	}
}
