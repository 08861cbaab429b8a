package headoffice

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"
	"time"

	"loyaltill/sync/wire"
)

func newRequest(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func asProblem(err error) *wire.Problem {
	var p *wire.Problem
	errors.As(err, &p)
	return p
}

func TestACodeIsOverWhenItsTimeIs(t *testing.T) {
	c := newCentre(t)
	made, err := c.office.makeCode(t.Context(), codeInput{Enrol: enrolInput{Store: 7, Name: "Store", TimeZone: "Europe/Riga", Language: "lv"}, Life: -time.Second})
	if err != nil {
		t.Fatal(err)
	}
	code, err := wire.ParseEnrolCode(made.Code)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.office.Enrol(t.Context(), wire.EnrolRequest{Code: code.Secret(), Request: newRequest(t)})
	wantCode(t, asProblem(err), wire.CodeCodeRefused)
	if n := len(c.report().Stores); n != 0 {
		t.Errorf("%d stores", n)
	}
}

func TestANewCodeEndsTheOneBeforeIt(t *testing.T) {
	c := newCentre(t)
	in := codeInput{Enrol: enrolInput{Store: 7, Name: "Store", TimeZone: "Europe/Riga", Language: "lv"}, Life: time.Hour}
	var codes []wire.EnrolCode
	for range 2 {
		made, err := c.office.makeCode(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		code, err := wire.ParseEnrolCode(made.Code)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
	}
	_, err := c.office.Enrol(t.Context(), wire.EnrolRequest{Code: codes[0].Secret(), Request: newRequest(t)})
	wantCode(t, asProblem(err), wire.CodeCodeRefused)
	if _, err = c.office.Enrol(t.Context(), wire.EnrolRequest{Code: codes[1].Secret(), Request: newRequest(t)}); err != nil {
		t.Error(err)
	}
}

func TestARequestThatItsKeyDidNotSignIsRefused(t *testing.T) {
	c := newCentre(t)
	request := []byte(newRequest(t))
	request[len(request)-60] ^= 1
	for _, text := range []string{"", "no PEM", string(request)} {
		_, err := c.office.Enrol(t.Context(), wire.EnrolRequest{Code: "", Request: text})
		wantCode(t, asProblem(err), wire.CodeBadRequest)
	}
}
