package staff

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAPINIsKnownAgainAndNotKept(t *testing.T) {
	kept, err := HashPIN([]byte("4711"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(kept, "4711") {
		t.Error("the PIN stands in what is kept")
	}
	for _, c := range []struct {
		digits string
		want   bool
	}{{"4711", true}, {"4712", false}, {"47110", false}, {"", false}} {
		if got, err := VerifyPIN(kept, []byte(c.digits)); got != c.want || err != nil {
			t.Errorf("%q: got %v, %v", c.digits, got, err)
		}
	}
	again, err := HashPIN([]byte("4711"))
	if err != nil || again == kept {
		t.Errorf("the same PIN twice gives the same hash: %v", err)
	}
}

func TestADamagedHashIsAnErrorAndNoPIN(t *testing.T) {
	for _, kept := range []string{"", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$AA$AA", "$argon2id$v=19$m=999999999,t=1,p=1$AA$AA", "$argon2id$v=19$m=19456,t=2,p=1$!$!"} {
		if good, err := VerifyPIN(kept, []byte("4711")); good || err == nil {
			t.Errorf("%q: got %v, %v", kept, good, err)
		}
	}
}

func TestEasyPINsAreRefused(t *testing.T) {
	for digits, want := range map[string]error{
		"123": ErrPINForm, "123456789": ErrPINForm, "12a4": ErrPINForm, "": ErrPINForm, "٤٧١١": ErrPINForm,
		"1111": ErrPINEasy, "1234": ErrPINEasy, "98765": ErrPINEasy, "00000000": ErrPINEasy,
		"4711": nil, "1357": nil, "1235": nil, "24680": nil,
	} {
		if got := CheckPIN([]byte(digits)); !errors.Is(got, want) {
			t.Errorf("%q: got %v, want %v", digits, got, want)
		}
	}
}

func TestTheWaitGrowsToAnHour(t *testing.T) {
	var last time.Duration
	for wrong := range 40 {
		wait := WaitAfter(wrong)
		if wait < last || wait > LongestWait {
			t.Errorf("after %d wrong PINs %v, before it %v", wrong, wait, last)
		}
		last = wait
	}
	for wrong, want := range map[int]time.Duration{0: 0, 2: 0, 3: 5 * time.Second, 4: 15 * time.Second, 5: 45 * time.Second, 39: time.Hour} {
		if got := WaitAfter(wrong); got != want {
			t.Errorf("after %d: got %v, want %v", wrong, got, want)
		}
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	want := map[Role]string{
		Cashier:    "sell",
		Technician: "look jobs try fit diagnose",
		Supervisor: "sell look jobs figures close_day issue adjust override train",
		Manager:    "sell look jobs try fit figures close_day issue adjust override train trail administer diagnose",
		"owner":    "",
	}
	for role, rights := range want {
		var got []string
		for _, r := range role.Rights() {
			got = append(got, string(r))
			if !role.May(r) {
				t.Errorf("%s may not %s", role, r)
			}
		}
		if !slices.Equal(got, strings.Fields(rights)) {
			t.Errorf("%s: got %v, want %s", role, got, rights)
		}
	}
}
