package e2e

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loyaltill/internal/stage"
)

// A box enrols itself with the code that head office printed, uploads, renews the certificate that it got, and is turned away once head
// office has revoked it. Nobody else gets in with its code, with no certificate, or with another store's.
func TestABoxThatEnrolledItselfByCodeLivesByItsCertificate(t *testing.T) {
	shop := openShop(t, func(o *stage.Options) { o.ByCode, o.NoPCSC = true, true })
	sell(t, shop, 2)
	synced(t, shop)
	other := codesOfOthers(t, shop)
	for who, row := range map[string]struct{ identity, code string }{
		"nobody":             {"", "unauthorised"},
		"the box itself":     {shop.Identity, "ok"},
		"the box of store 2": {other, "forbidden"},
	} {
		if code := knocks(t, shop, row.identity); code != row.code {
			t.Errorf("%s is answered %s, want %s", who, code, row.code)
		}
	}
	renewed(t, shop)
	if _, err := shop.Run(t.Context(), "headoffice", "store", "revoke", "--dir", shop.HeadOfficeDir(), "--store", "1", "--reason", "stolen"); err != nil {
		t.Fatal(err)
	}
	sell(t, shop, 1) // it goes on selling
	await(t, shop, "the refusal", func(s syncStatus) bool { return s.State == "refused" && s.Code == "revoked" })
	if code := knocks(t, shop, shop.Identity); code != "revoked" {
		t.Errorf("the revoked box is answered %s", code)
	}
	var r struct{ Cases []struct{ Kind string } }
	must(t, shop.Report(t.Context(), &r))
	if len(r.Cases) != 1 || r.Cases[0].Kind != "tail_lost" {
		t.Errorf("nobody looks after what the box did not tell: %+v", r.Cases)
	}
}

// enrols runs the store's command.
func enrols(t *testing.T, shop *stage.Shop, code, dir string) error {
	t.Helper()
	_, err := shop.Run(t.Context(), "loyaltill", "enrol", "--head-office", shop.HeadOfficeURL(), "--code", code, "--out", dir)
	return err
}

// codesOfOthers tries the store's code again, one that is over, and one of another head office, none of which leaves an identity. It gives
// the identity of a second store.
func codesOfOthers(t *testing.T, shop *stage.Shop) (identity string) {
	t.Helper()
	second, err := shop.EnrolCode(t.Context(), "2")
	must(t, err)
	over := expired(t, shop, "3")
	last := second[len(second)-1:]
	elsewhere := strings.TrimSuffix(second, last) + map[bool]string{true: "Z", false: "0"}[last == "0"]
	for what, row := range map[string]struct{ code, says string }{
		"used":                   {shop.Code, "a code is good once"},
		"over":                   {over, "a code is good once"},
		"of another head office": {elsewhere, "the last sixteen letters"},
		"no code":                {"hello", "28 letters and digits"},
	} {
		dir := filepath.Join(t.TempDir(), "identity")
		if err := enrols(t, shop, row.code, dir); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("code %s: %v", what, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "store.json")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("code %s: it left an identity, %v", what, err)
		}
	}
	identity = filepath.Join(t.TempDir(), "identity")
	must(t, enrols(t, shop, second, identity)) // which none of these tries used up
	if err := enrols(t, shop, second, identity); err == nil || !strings.Contains(err.Error(), "an identity is never replaced") {
		t.Errorf("over an identity: %v", err)
	}
	return identity
}

// expired makes a code and lets its time pass, past the program: the shortest is good for a minute.
func expired(t *testing.T, shop *stage.Shop, store string) string {
	t.Helper()
	code, err := shop.EnrolCode(t.Context(), store)
	must(t, err, shop.HeadOffice.Stop())
	db, err := sql.Open("sqlite", filepath.Join(shop.HeadOfficeDir(), "head-office.db"))
	must(t, err)
	_, err = db.ExecContext(t.Context(), `UPDATE enrol_code SET expires_at = expires_at - 7 * 86400000 WHERE store_id = `+store)
	must(t, err, db.Close(), shop.StartHeadOffice(t.Context()))
	return code
}

// knocks asks for the entries of store 1 with the certificate of an identity, or with none, and gives the code of the answer.
func knocks(t *testing.T, shop *stage.Shop, identity string) string {
	t.Helper()
	ca, err := os.ReadFile(filepath.Join(shop.Identity, "ca.crt"))
	must(t, err)
	config := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS13}
	config.RootCAs.AppendCertsFromPEM(ca)
	if identity != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(identity, "store.crt"), filepath.Join(identity, "store.key"))
		must(t, err)
		config.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	office := stage.Client{Base: shop.HeadOfficeURL(), HTTP: http.Client{Transport: transport}}
	err = office.Do(t.Context(), "GET", "/v1/stores/1/entries?epoch=1&from=1", nil, new([]byte), "Loyalty-Protocol", "1")
	var p *stage.Problem
	if !errors.As(err, &p) {
		must(t, err)
		return "ok"
	}
	var told struct{ Type string }
	must(t, json.Unmarshal([]byte(p.Body), &told))
	return told.Type[strings.LastIndex(told.Type, ":")+1:]
}

// renewed gives the box, while its agent stands still, a certificate as it would be 17 months later. The agent's next start gets it a new one.
func renewed(t *testing.T, shop *stage.Shop) {
	t.Helper()
	must(t, shop.Agent.Stop())
	path, keys := filepath.Join(shop.Identity, "store.crt"), filepath.Join(shop.HeadOfficeDir(), "keys")
	own, err := tls.LoadX509KeyPair(path, filepath.Join(shop.Identity, "store.key"))
	must(t, err)
	ca, err := tls.LoadX509KeyPair(filepath.Join(keys, "tls-ca.cert.pem"), filepath.Join(keys, "tls-ca.key.pem"))
	must(t, err)
	const age = 17 * 30 * 24 * time.Hour
	old := *own.Leaf
	old.SerialNumber, old.NotBefore, old.NotAfter = big.NewInt(1), old.NotBefore.Add(-age), old.NotAfter.Add(-age)
	der, err := x509.CreateCertificate(rand.Reader, &old, ca.Leaf, old.PublicKey, ca.PrivateKey)
	must(t, err, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, shop.StartAgent(t.Context()))
	must(t, stage.Until(t.Context(), "a new certificate", syncLimit, func(context.Context) (bool, string, error) {
		now, err := tls.LoadX509KeyPair(path, filepath.Join(shop.Identity, "store.key"))
		if err != nil {
			return false, "", err
		}
		return now.Leaf.NotAfter.After(old.NotAfter), now.Leaf.NotAfter.String(), nil
	}))
	sell(t, shop, 1)
	synced(t, shop)
}
