package cardsim

import (
	"bytes"
	"crypto/ecdh"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Everything here is judged by somebody else: RFC 4493, the openssl command, and C2SP wycheproof's vectors.

func TestCMACGivesTheFiguresOfRFC4493(t *testing.T) {
	key := newCMAC([16]byte(unhex("2b7e151628aed2a6abf7158809cf4f3c")))
	message := unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for n, want := range map[int]string{
		0:  "bb1d6929e95937287fa37d129b756746",
		16: "070a16b46b4d4144f79bdd9dd04a287c",
		40: "dfa66747de9ae63030ca32611497c827",
		64: "51f0bebf7e3b9d92fc49741779363cfe",
	} {
		for cut := range n + 1 {
			if mac := key.sum(message[:cut], message[cut:n]); hex.EncodeToString(mac[:]) != want {
				t.Errorf("CMAC of %d bytes, cut at %d: %x, want %s", n, cut, mac, want)
			}
		}
	}
}

// openssl runs the command; outside CI a machine without it does not run these tests.
func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil && os.Getenv("CI") == "" {
		t.Skip("openssl is not installed")
	}
	cmd := exec.Command("openssl", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", args[0], err, stderr.String())
	}
	return out
}

func opensslHex(t *testing.T, args ...string) []byte {
	t.Helper()
	return unhex(strings.NewReplacer(":", "", "\n", "").Replace(string(openssl(t, args...))))
}

const opensslRounds = 12

func TestCMACEqualsOpenSSL(t *testing.T) {
	entropy, in := seeded(1), filepath.Join(t.TempDir(), "in")
	for i := range opensslRounds {
		var key [16]byte
		message := make([]byte, 7*i)
		_, _ = entropy.Read(key[:])
		_, _ = entropy.Read(message)
		if err := os.WriteFile(in, message, 0o600); err != nil {
			t.Fatal(err)
		}
		want := opensslHex(t, "mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:"+hex.EncodeToString(key[:]), "-in", in, "CMAC")
		if got := newCMAC(key).sum(message); !bytes.Equal(got[:], want) {
			t.Errorf("CMAC of %d bytes: %x, openssl says %x", len(message), got, want)
		}
	}
}

func TestSessionKeysEqualOpenSSLsSSKDF(t *testing.T) {
	entropy := seeded(2)
	for i := range opensslRounds {
		z, info := make([]byte, 32), make([]byte, 40+i)
		_, _ = entropy.Read(z)
		_, _ = entropy.Read(info)
		want := opensslHex(t, "kdf", "-keylen", "64", "-kdfopt", "digest:SHA2-256", "-kdfopt", "hexkey:"+hex.EncodeToString(z),
			"-kdfopt", "hexinfo:"+hex.EncodeToString(info), "SSKDF")
		if got := oneStepKDF(z, info); !bytes.Equal(got[:], want) {
			t.Errorf("round %d: %x, openssl says %x", i, got, want)
		}
	}
}

// The card does not derive its keys; the head office of these tests does, and must do it as the real one.
func TestCardKeysEqualOpenSSLsKBKDF(t *testing.T) {
	entropy := seeded(3)
	for _, label := range []string{"LYL1-TX", "LYL1-LD"} {
		var master [16]byte
		cardID := make([]byte, 8)
		_, _ = entropy.Read(master[:])
		_, _ = entropy.Read(cardID)
		want := opensslHex(t, "kdf", "-keylen", "16", "-kdfopt", "mac:CMAC", "-kdfopt", "cipher:AES-128-CBC",
			"-kdfopt", "hexkey:"+hex.EncodeToString(master[:]), "-kdfopt", "salt:"+label,
			"-kdfopt", "hexinfo:"+hex.EncodeToString(cardID), "KBKDF")
		if got := derive(newCMAC(master), label, cardID); !bytes.Equal(got[:], want) {
			t.Errorf("%s: %x, openssl says %x", label, got, want)
		}
	}
}

// TestCryptogramEqualsOneMadeWithOpenSSLAlone repeats KEY AGREE without a line of this package's cryptography.
func TestCryptogramEqualsOneMadeWithOpenSSLAlone(t *testing.T) {
	card := newHeadOffice(t, 1).newCard(t, 2, nil)
	fci := card.Process(unhex(selectHex))
	cert := card.Process(unhex("00B0810000"))
	d := make([]byte, 32)
	_, _ = seeded(9).Read(d)
	key, err := ecdh.P256().NewPrivateKey(d)
	if err != nil {
		t.Fatal(err)
	}
	qc, err := ecdh.P256().NewPublicKey(cert[25:90])
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(qc)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	nh, qh := bytes.Repeat([]byte{0x5A}, 16), key.PublicKey().Bytes()
	answer := card.Process(append(append(unhex("0088010151"), nh...), qh...))
	z := openssl(t, "pkeyutl", "-derive", "-inkey", write("h.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
		"-peerkey", write("c.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
	info := bytes.Join([][]byte{[]byte("LYL1"), fci[20:28], fci[40:48], nh, answer[:16]}, nil)
	k := opensslHex(t, "kdf", "-keylen", "64", "-kdfopt", "digest:SHA2-256", "-kdfopt", "hexkey:"+hex.EncodeToString(z),
		"-kdfopt", "hexinfo:"+hex.EncodeToString(info), "SSKDF")
	in := write("in", bytes.Join([][]byte{[]byte("KC_1_V"), fci[20:28], qh, answer[16:32]}, nil))
	want := opensslHex(t, "mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:"+hex.EncodeToString(k[:16]), "-in", in, "CMAC")
	if got := answer[32:48]; !bytes.Equal(got, want) {
		t.Errorf("cryptogram %x, openssl says %x", got, want)
	}
}

const wycheproofDir = "../../../shared/vectors/wycheproof"

// wycheproof reads a vector file; the vectors are not part of the project, so their absence is only told.
func wycheproof(t *testing.T, name string, into any) bool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(wycheproofDir, name))
	if os.IsNotExist(err) {
		t.Logf("%s is not there: not compared with wycheproof", name)
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
	return true
}

func TestWycheproofCMAC(t *testing.T) {
	var file struct {
		TestGroups []struct {
			KeySize, TagSize int
			Tests            []struct {
				TcID                   int
				Key, Msg, Tag, Comment string
				Result                 string
			}
		}
	}
	if !wycheproof(t, "aes_cmac_test.json", &file) {
		return
	}
	ran := 0
	for _, group := range file.TestGroups {
		if group.KeySize != 128 {
			continue
		}
		for _, v := range group.Tests {
			ran++
			mac := newCMAC([16]byte(unhex(v.Key))).sum(unhex(v.Msg))
			same := bytes.Equal(mac[:group.TagSize/8], unhex(v.Tag))
			if same != (v.Result == "valid") {
				t.Errorf("case %d (%s, %s): tag equal %v", v.TcID, v.Comment, v.Result, same)
			}
		}
	}
	if ran < 90 {
		t.Errorf("only %d cases were found", ran)
	}
}

// TestWycheproofPointsAreJudgedByKeyAgree sends each point to a card that holds the case's private key. Off-curve,
// compressed and malformed points must be refused; the rest must lead to the stated shared secret.
func TestWycheproofPointsAreJudgedByKeyAgree(t *testing.T) {
	var file struct {
		TestGroups []struct {
			Tests []struct {
				TcID                             int
				Public, Private, Shared, Comment string
				Result                           string
			}
		}
	}
	if !wycheproof(t, "ecdh_secp256r1_ecpoint_test.json", &file) {
		return
	}
	agreed, refused := 0, 0
	office := newHeadOffice(t, 1)
	for _, group := range file.TestGroups {
		for _, v := range group.Tests {
			point := unhex(v.Public)
			core := coreWithKey(t, office, unhex(v.Private))
			answer := keyAgree(core, point)
			if len(answer) == 2 {
				refused++
				if v.Result == "valid" && len(point) == 65 {
					t.Errorf("case %d (%s) is valid and was refused with %X", v.TcID, v.Comment, answer)
				}
				continue
			}
			agreed++
			if v.Result == "invalid" {
				t.Errorf("case %d (%s) is invalid and was taken", v.TcID, v.Comment)
			}
			if want := cryptogramOf(core, unhex(v.Shared), point, answer); !bytes.Equal(answer[32:48], want) {
				t.Errorf("case %d (%s): other shared secret", v.TcID, v.Comment)
			}
		}
	}
	t.Logf("%d points agreed, %d refused", agreed, refused)
	if agreed < 200 || refused < 20 {
		t.Errorf("only %d agreed and %d refused: the file is not read as it is meant", agreed, refused)
	}
}

func coreWithKey(t *testing.T, office *headOffice, private []byte) *Core {
	t.Helper()
	core := office.newCard(t, 2, nil).core
	tx := core.nvm.begin()
	padded := make([]byte, 32)
	private = bytes.TrimLeft(private, "\x00")
	copy(padded[32-len(private):], private)
	tx.setBytes(keyAt, padded)
	if err := tx.commit(); err != nil {
		t.Fatal(err)
	}
	other, err := newCore(core.nvm, seeded(3))
	if err != nil {
		t.Fatal(err)
	}
	if err := other.PowerOn(); err != nil {
		t.Fatal(err)
	}
	other.Process(unhex(selectHex))
	return other
}

var testNonce = bytes.Repeat([]byte{0x11}, 16)

func keyAgree(core *Core, point []byte) []byte {
	capdu := append(unhex("00880101"), byte(16+len(point)))
	return core.Process(append(append(capdu, testNonce...), point...))
}

func cryptogramOf(core *Core, z, point, answer []byte) []byte {
	info := bytes.Join([][]byte{[]byte("LYL1"), core.cardID(), core.certificate().hash(), testNonce, answer[:16]}, nil)
	k := oneStepKDF(z, info)
	mac := newCMAC([16]byte(k[:16])).sum([]byte("KC_1_V"), core.cardID(), point, answer[16:32])
	return mac[:]
}
