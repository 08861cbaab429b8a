package store

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func sampleIdentity(t *testing.T) (Identity, IdentityFiles) {
	t.Helper()
	ca, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := Identity{Store: 17, Name: "Riga 1", Epoch: 3, InstallID: ID16{1}, Nonce: ID16{2}, TimeZone: "Europe/Riga",
		DayCut: "04:00", Currency: "EUR", Language: "lv", HeadOffice: "https://127.0.0.1:8443", Scheme: "4c595431",
		CardRoot: ca.PublicKey().Bytes(), PositionKey: HexBytes(key)}
	return id, IdentityFiles{Cert: []byte("cert"), Key: []byte("key"), CA: []byte("ca"), NumberKey: bytes.Repeat([]byte{7}, 32)}
}

func TestAnIdentityFolderReadsBackAsWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "identity")
	id, files := sampleIdentity(t)
	if err := WriteIdentity(dir, id, files); err != nil {
		t.Fatal(err)
	}
	got, err := LoadIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.Store != 17 || got.Epoch != 3 || got.Genesis() != Genesis(17, 3, ID16{1}, ID16{2}) || got.Calendar().Cut != 4*time.Hour {
		t.Errorf("read %+v", got)
	}
	if got.NumberHMAC("6034000000000018") != NumberHMAC(files.NumberKey, "6034000000000018") {
		t.Error("the number key changed")
	}
	if err := WriteIdentity(dir, id, files); !errors.Is(err, os.ErrExist) {
		t.Errorf("overwrote an identity: %v", err)
	}
}

func TestEveryFaultOfAnIdentityNamesFileFieldAndRemedy(t *testing.T) {
	for field, change := range map[string]func(map[string]any){
		"store":        func(m map[string]any) { m["store"] = 0 },
		"epoch":        func(m map[string]any) { delete(m, "epoch") },
		"install_id":   func(m map[string]any) { delete(m, "install_id") },
		"nonce":        func(m map[string]any) { delete(m, "nonce") },
		"time_zone":    func(m map[string]any) { m["time_zone"] = "Riga" },
		"day_cut":      func(m map[string]any) { m["day_cut"] = "25:00" },
		"currency":     func(m map[string]any) { m["currency"] = "euro" },
		"language":     func(m map[string]any) { m["language"] = "" },
		"head_office":  func(m map[string]any) { m["head_office"] = "http://plain" },
		"scheme":       func(m map[string]any) { m["scheme"] = "LYT1" },
		"card_root":    func(m map[string]any) { m["card_root"] = "04aa" },
		"position_key": func(m map[string]any) { m["position_key"] = "00" },
	} {
		t.Run(field, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "identity")
			id, files := sampleIdentity(t)
			if err := WriteIdentity(dir, id, files); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, IdentityFile)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var doc map[string]any
			if err := json.Unmarshal(raw, &doc); err != nil {
				t.Fatal(err)
			}
			change(doc)
			raw, _ = json.Marshal(doc)
			if err := os.WriteFile(path, raw, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = LoadIdentity(dir)
			var bad *IdentityError
			if !errors.As(err, &bad) || bad.Field != field || bad.File != path || bad.Remedy == "" {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestASecretThatOthersCanReadIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "identity")
	id, files := sampleIdentity(t)
	if err := WriteIdentity(dir, id, files); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, NumberKeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := LoadIdentity(dir)
	var bad *IdentityError
	if !errors.As(err, &bad) || !strings.Contains(bad.Remedy, "chmod 600") {
		t.Fatalf("got %v", err)
	}
}

func TestAnUnknownFieldOfAnIdentityIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, IdentityFile), []byte(`{"stroe": 1}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadIdentity(dir); err == nil || !strings.Contains(err.Error(), "stroe") {
		t.Fatalf("got %v", err)
	}
}

func TestBusinessDaysFollowTheWallClock(t *testing.T) {
	riga, err := time.LoadLocation("Europe/Riga")
	if err != nil {
		t.Fatal(err)
	}
	c := Calendar{Location: riga, Cut: 4 * time.Hour}
	for name, tc := range map[string]struct{ at, want string }{
		"before the cut is still the day before":            {"2026-11-22T03:59:59.999+02:00", "2026-11-21"},
		"the cut begins the day":                            {"2026-11-22T04:00:00+02:00", "2026-11-22"},
		"the night that loses an hour still cuts at four":   {"2026-03-29T03:59:59+03:00", "2026-03-28"},
		"after the lost hour":                               {"2026-03-29T04:00:00+03:00", "2026-03-29"},
		"the night that wins an hour, first three o'clock":  {"2026-10-25T03:30:00+03:00", "2026-10-24"},
		"the night that wins an hour, second three o'clock": {"2026-10-25T03:30:00+02:00", "2026-10-24"},
		"UTC evening is the store's next morning":           {"2026-11-22T23:00:00Z", "2026-11-22"},
		"UTC late night is past the store's cut":            {"2026-11-23T02:00:00Z", "2026-11-23"},
		"the first of a month goes back to the last of one": {"2026-12-01T01:00:00+02:00", "2026-11-30"},
	} {
		at, err := time.Parse(time.RFC3339, tc.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.BusinessDay(at); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
	if got := c.Local(time.Date(2026, 11, 22, 8, 15, 0, 123456789, time.UTC)); got != "2026-11-22T10:15:00.123+02:00" {
		t.Errorf("local time %s", got)
	}
}

func TestTheChainIsTheOneInTheDocument(t *testing.T) {
	// docs/ledger.md, 2: worked out with sha256sum.
	genesis := Genesis(17, 3, ID16{0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11},
		ID16{0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22})
	if got := genesis.String(); got != vectorGenesis {
		t.Errorf("h(0) is %s", got)
	}
	if got := genesis.Next([]byte(`{"v":1}`)).String(); got != vectorNext {
		t.Errorf("h(1) is %s", got)
	}
}

func TestAPositionIsBoundToItsKeyAndEveryField(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := Position{Store: 17, Epoch: 3, Seq: 4815, Hash: Hash{9}}
	signature := p.Sign(private)
	if err := p.Verify(public, signature); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]Position{
		"store": {18, 3, 4815, Hash{9}}, "epoch": {17, 4, 4815, Hash{9}}, "seq": {17, 3, 4816, Hash{9}}, "hash": {17, 3, 4815, Hash{8}},
	} {
		if err := other.Verify(public, signature); !errors.Is(err, ErrSignature) {
			t.Errorf("%s changed: %v", name, err)
		}
	}
	if err := p.Verify(nil, signature); !errors.Is(err, ErrSignature) {
		t.Errorf("no key: %v", err)
	}
}

const (
	vectorGenesis = "e172d74ef7701f9bc7c07d30c7c84a02ba5117318372ca4cf1b2612d786761d3"
	vectorNext    = "7fcdf506b28c84453697b9712e34553835cc133803919615e27c936f0482aa6d"
)
