package headoffice

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/wire"
)

// Clock tells the time; tests pass their own.
type Clock func() time.Time

const (
	caLife     = 10 * 365 * 24 * time.Hour
	clientLife = 2 * 365 * 24 * time.Hour
	backdate   = 24 * time.Hour // a store whose clock runs behind must still accept a new certificate
	serialBits = 127
)

// client is who a TLS certificate speaks for: one life of one store, or a back office by name.
type client struct {
	store      loyalty.StoreID
	epoch      loyalty.Epoch
	backOffice string
}

func (c client) uri() *url.URL {
	if c.backOffice != "" {
		return &url.URL{Scheme: "loyaltill", Host: backOfficeHost, Path: "/" + c.backOffice} // docs/wire.md, 7
	}
	return wire.CertURI(c.store, c.epoch)
}

func (c client) String() string { return c.uri().String() }

// backOfficeHost stands where a store's certificate says "store".
const backOfficeHost = "backoffice"

// parseClient reads a certificate of our CA.
func parseClient(cert *x509.Certificate) (client, error) {
	if len(cert.URIs) != 1 {
		return client{}, fmt.Errorf("client certificate: want one URI, got %d", len(cert.URIs))
	}
	if u := cert.URIs[0]; u.Host == backOfficeHost {
		c := client{backOffice: strings.TrimPrefix(u.Path, "/")}
		if checkName(c.backOffice) != nil || *u != *c.uri() {
			return client{}, fmt.Errorf("client certificate: %q names no back office", u)
		}
		return c, nil
	}
	id, epoch, err := wire.CertStore(cert)
	return client{store: id, epoch: epoch}, err
}

// clientOf reads who is calling from a verified TLS connection.
func clientOf(r *http.Request) (client, error) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return client{}, errors.New("no verified client certificate")
	}
	return parseClient(r.TLS.VerifiedChains[0][0])
}

// maxName bounds the name of a back office, which becomes part of a certificate.
const maxName = 40

func checkName(s string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-"
	if s == "" || len(s) > maxName || strings.Trim(s, allowed) != "" {
		return fmt.Errorf("%q: want 1 to %d of a-z, 0-9 and -", s, maxName)
	}
	return nil
}

func makeCACert(key *ecdsa.PrivateKey, s Settings, now time.Time) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "Loyaltill head office CA " + s.Scheme},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make TLS CA certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// makeServerPair certifies the host names that stores use, and loopback for tools on the same machine.
func (k *Keys) makeServerPair(s Settings, now time.Time) (pair, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: s.Hosts[0]},
		NotBefore:   now.Add(-backdate),
		NotAfter:    now.Add(caLife - 2*backdate),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range append([]string{"localhost", "127.0.0.1", "::1"}, s.Hosts...) {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return k.sign(template)
}

// issueClient makes the key and certificate of a store or a back office.
func (k *Keys) issueClient(c client, now time.Time) (pair, error) {
	return k.sign(clientTemplate(c, now))
}

// certifyClient certifies a key that the box has made for itself.
func (k *Keys) certifyClient(c client, key *ecdsa.PublicKey, now time.Time) (certPEM []byte, err error) {
	return k.certify(clientTemplate(c, now), key)
}

func clientTemplate(c client, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: c.String()},
		URIs:        []*url.URL{c.uri()},
		NotBefore:   now.Add(-backdate),
		NotAfter:    now.Add(clientLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

func (k *Keys) sign(template *x509.Certificate) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("make TLS key: %w", err)
	}
	certPEM, err := k.certify(template, &key.PublicKey)
	if err != nil {
		return pair{}, err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return pair{}, err
	}
	return pair{certPEM: certPEM, keyPEM: keyPEM}, nil
}

func (k *Keys) certify(template *x509.Certificate, key *ecdsa.PublicKey) (certPEM []byte, err error) {
	if template.SerialNumber, err = newSerial(); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, k.tlsCACert, key, k.tlsCA)
	if err != nil {
		return nil, fmt.Errorf("make TLS certificate: %w", err)
	}
	return encodeCert(der), nil
}

func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, fmt.Errorf("make certificate serial: %w", err)
	}
	return serial, nil
}

// serverTLS refuses every certificate that is not of our own CA; TLS 1.3 only. A client without one is let in to enrol, and hears
// "unauthorised" to everything else.
func (k *Keys) serverTLS(clock Clock) (*tls.Config, error) {
	own, err := tls.X509KeyPair(k.server.certPEM, k.server.keyPEM)
	if err != nil {
		return nil, fmt.Errorf("load server certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(k.tlsCACert)
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{own},
		ClientAuth:   tls.VerifyClientCertIfGiven,
		ClientCAs:    pool,
		Time:         clock,
		NextProtos:   []string{"h2", "http/1.1"},
	}, nil
}

// caPEM is what clients pin.
func (k *Keys) caPEM() []byte { return encodeCert(k.tlsCACert.Raw) }
