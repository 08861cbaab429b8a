package headoffice

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// The files of the key folder. Each holds one secret, so that one can be moved to a hardware module or rotated alone.
const (
	fileTLSCAKey   = "tls-ca.key.pem"
	fileTLSCACert  = "tls-ca.cert.pem"
	fileServerKey  = "server.key.pem"
	fileServerCert = "server.cert.pem"
	fileCardRoot   = "card-root.pub" // the public half alone: the other is offline
	fileMasterTX   = "k-tx.master.hex"
	fileMasterLD   = "k-ld.master.hex"
	fileNumberKey  = "number.key.hex"
	filePosition   = "position.key.pem"
)

const (
	masterBytes = 16 // card.md 1: AES-128 masters
	numberBytes = 32 // HMAC-SHA-256 key for card numbers
)

// Keys are the secrets of one head office. They print as stars, whatever the verb.
type Keys struct {
	tlsCA     *ecdsa.PrivateKey
	tlsCACert *x509.Certificate
	cardRoot  *ecdsa.PublicKey
	masterTX  [masterBytes]byte
	masterLD  [masterBytes]byte
	number    [numberBytes]byte
	position  ed25519.PrivateKey
	server    pair
}

// pair is a TLS certificate and its key, PEM.
type pair struct{ certPEM, keyPEM []byte }

func (k *Keys) String() string   { return "Keys(***)" }
func (k *Keys) GoString() string { return "Keys(***)" }

// PositionKey is the public half of the key that signs positions, close manifests and programmes.
func (k *Keys) PositionKey() ed25519.PublicKey { return k.position.Public().(ed25519.PublicKey) }

// SignProgramme gives stores the proof that head office published a version.
func (k *Keys) SignProgramme(p *loyalty.Programme) []byte {
	return loyalty.SignProgramme(p.Canonical(), k.position)
}

// CardRoot signs the keys that sign card certificates; every store pins it.
func (k *Keys) CardRoot() *ecdsa.PublicKey { return k.cardRoot }

// NumberHMAC names a card number without showing it.
func (k *Keys) NumberHMAC(n loyalty.CardNumber) []byte {
	sum := store.NumberHMAC(k.number[:], n.Digits())
	return sum[:]
}

// newKeys makes every secret of a new head office.
func newKeys(s Settings, root *ecdsa.PublicKey, clock Clock) (*Keys, error) {
	k := &Keys{cardRoot: root}
	var err error
	if k.tlsCA, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("make TLS CA key: %w", err)
	}
	if _, k.position, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, fmt.Errorf("make position key: %w", err)
	}
	for _, b := range [][]byte{k.masterTX[:], k.masterLD[:], k.number[:]} {
		if _, err := rand.Read(b); err != nil {
			return nil, fmt.Errorf("make master keys: %w", err)
		}
	}
	if k.tlsCACert, err = makeCACert(k.tlsCA, s, clock()); err != nil {
		return nil, err
	}
	if k.server, err = k.makeServerPair(s, clock()); err != nil {
		return nil, err
	}
	return k, nil
}

// write puts the keys into an empty folder, readable by the owner alone. It never replaces a file: O_EXCL decides.
func (k *Keys) write(dir string) error {
	tlsCA, err := encodeKey(k.tlsCA)
	if err != nil {
		return err
	}
	root, err := k.cardRoot.Bytes()
	if err != nil {
		return fmt.Errorf("encode card root: %w", err)
	}
	position, err := encodeKey(k.position)
	if err != nil {
		return err
	}
	files := []struct {
		name string
		data []byte
	}{
		{fileTLSCAKey, tlsCA},
		{fileTLSCACert, encodeCert(k.tlsCACert.Raw)},
		{fileServerKey, k.server.keyPEM},
		{fileServerCert, k.server.certPEM},
		{fileCardRoot, encodeHex(root)},
		{fileMasterTX, encodeHex(k.masterTX[:])},
		{fileMasterLD, encodeHex(k.masterLD[:])},
		{fileNumberKey, encodeHex(k.number[:])},
		{filePosition, position},
	}
	for _, f := range files {
		if err := writeNew(filepath.Join(dir, f.name), f.data); err != nil {
			return err
		}
	}
	return nil
}

// readKeys loads the key folder.
func readKeys(dir string) (*Keys, error) {
	k := &Keys{}
	r := keyReader{dir: dir}
	k.tlsCA = r.p256(fileTLSCAKey)
	k.cardRoot = r.point(fileCardRoot)
	k.position = r.ed25519(filePosition)
	k.tlsCACert = r.cert(fileTLSCACert)
	r.hex(fileMasterTX, k.masterTX[:])
	r.hex(fileMasterLD, k.masterLD[:])
	r.hex(fileNumberKey, k.number[:])
	k.server.certPEM = r.read(fileServerCert)
	k.server.keyPEM = r.read(fileServerKey)
	if r.err != nil {
		return nil, r.err
	}
	return k, nil
}

// keyReader reads key files and keeps the first error, which names the file and never its content.
type keyReader struct {
	dir string
	err error
}

func (r *keyReader) read(name string) []byte {
	if r.err != nil {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.err = fmt.Errorf("read head office key: %w", err)
	}
	return data
}

func (r *keyReader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("read head office key %s: want %s; restore the file from backup", filepath.Join(r.dir, name), want)
	}
}

func (r *keyReader) pkcs8(name string) any {
	block, _ := pem.Decode(r.read(name))
	if block == nil {
		r.fail(name, "a PEM block")
		return nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		r.fail(name, "a PKCS #8 private key")
	}
	return key
}

func (r *keyReader) p256(name string) *ecdsa.PrivateKey {
	key, ok := r.pkcs8(name).(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		r.fail(name, "a P-256 key")
		return nil
	}
	return key
}

func (r *keyReader) point(name string) *ecdsa.PublicKey {
	raw := make([]byte, 65)
	r.hex(name, raw)
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		r.fail(name, "an uncompressed P-256 point")
	}
	return key
}

func (r *keyReader) ed25519(name string) ed25519.PrivateKey {
	key, ok := r.pkcs8(name).(ed25519.PrivateKey)
	if !ok {
		r.fail(name, "an Ed25519 key")
	}
	return key
}

func (r *keyReader) cert(name string) *x509.Certificate {
	block, _ := pem.Decode(r.read(name))
	if block == nil {
		r.fail(name, "a PEM block")
		return nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		r.fail(name, "a certificate")
	}
	return cert
}

func (r *keyReader) hex(name string, into []byte) {
	text := bytes.TrimSpace(r.read(name))
	if n, err := hex.Decode(into, clip(text, 2*len(into))); err != nil || n != len(into) || len(text) != 2*len(into) {
		r.fail(name, fmt.Sprintf("%d hexadecimal digits", 2*len(into)))
	}
}

func clip(b []byte, n int) []byte {
	if len(b) > n {
		return b[:n]
	}
	return b
}

func encodeKey(key any) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func encodeCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func encodeHex(b []byte) []byte { return append([]byte(hex.EncodeToString(b)), '\n') }

// ErrExists is wrapped when a file or folder that a command would make is already there.
var ErrExists = errors.New("already exists")

// writeNew creates a file that must not exist yet, syncs it and keeps it from everyone but the owner.
func writeNew(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write %s: %w; nothing was replaced", path, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("write %s: %w", path, cerr)
		}
	}()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
