package wire

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestACodeReadsBackAsPeopleTypeIt(t *testing.T) {
	ca := []byte("a certificate")
	code, err := NewEnrolCode(rand.Reader, ca)
	if err != nil {
		t.Fatal(err)
	}
	typed := strings.NewReplacer("0", "o", "1", "l", "-", " ").Replace(code.String())
	again, err := ParseEnrolCode(strings.ToLower(typed))
	if err != nil || again != code {
		t.Errorf("%q read as %q: %v", typed, again.String(), err)
	}
	if !again.Vouches(ca) || again.Vouches([]byte("another")) {
		t.Error("the code does not say whose it is")
	}
	if text := fmt.Sprintf("%v %s %+v", code, code, struct{ C EnrolCode }{code}); strings.Contains(text, code.Secret()[:4]) {
		t.Errorf("the code shows in %q", text)
	}
	for _, bad := range []string{"", "7K3M", code.String() + "0", "U" + code.String()[1:]} {
		if _, err := ParseEnrolCode(bad); !errors.Is(err, ErrCode) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAPairingCodeMayBringHeadOfficesAddress(t *testing.T) {
	code, err := NewEnrolCode(rand.Reader, []byte("a certificate"))
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{
		code.Pairing("https://hq.example.org:8443/"):          "https://hq.example.org:8443",
		strings.ToLower(code.String()) + " @ hq.example.org ": "https://hq.example.org",
		code.String(): "",
	} {
		got, office, err := ParsePairing(typed)
		if err != nil || got != code || office != want {
			t.Errorf("%q: %q, %v", typed, office, err)
		}
	}
	for _, bad := range []string{code.String() + "@", code.String() + "@https://hq.example.org", "@hq.example.org", code.String() + "@a b"} {
		if _, _, err := ParsePairing(bad); !errors.Is(err, ErrCode) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
