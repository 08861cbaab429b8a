package uplink

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/sync/wire"
)

// Enrolment is a code with where to use it.
type Enrolment struct {
	HeadOffice string // https address
	Code       wire.EnrolCode
	Dir        string // new identity folder
	Now        func() time.Time
}

// ErrStranger says that whoever answers is not the head office that made the code.
var ErrStranger = errors.New("whoever answers at this address is not the head office that made the code")

// ErrAddress says that an address cannot be head office's.
var ErrAddress = errors.New("give an address such as https://ho.example.org:8443")

// Enrol makes the box's own key, proves head office by the code, and writes the identity folder that head office answers with. An
// attempt that failed may be made again in the same folder: the key is kept, and head office gives the same answer.
func Enrol(ctx context.Context, e Enrolment) (*store.Identity, error) {
	base, err := url.Parse(strings.TrimSuffix(e.HeadOffice, "/"))
	if err != nil || base.Scheme != "https" || base.Host == "" || base.Path != "" {
		return nil, fmt.Errorf("head office %q: %w", e.HeadOffice, ErrAddress)
	}
	key, err := store.EnrolKey(e.Dir)
	if err != nil {
		return nil, err
	}
	c := enroller{base: base, now: e.Now}
	ca, err := c.meet(ctx, e.Code)
	if err != nil {
		return nil, fmt.Errorf("enrol: meet head office: %w", err)
	}
	answer, err := c.ask(ctx, e.Code, ca, key)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	answer.Identity.HeadOffice = base.String()
	if err := checkAnswer(answer, ca, key, e.Now()); err != nil {
		return nil, fmt.Errorf("enrol: head office's answer: %w", err)
	}
	files := store.IdentityFiles{Cert: []byte(answer.Certificate), CA: pemOf("CERTIFICATE", ca.Raw), NumberKey: answer.NumberKey}
	if err := store.FinishIdentity(e.Dir, answer.Identity, files); err != nil {
		return nil, err
	}
	return store.LoadIdentity(e.Dir)
}

// enroller speaks to a head office that the box has no identity for.
type enroller struct {
	base *url.URL
	now  func() time.Time
}

// meet asks for the CA over a line that proves nothing; the code says whether it is the right one.
func (c *enroller) meet(ctx context.Context, code wire.EnrolCode) (*x509.Certificate, error) {
	raw, err := c.call(ctx, &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, Time: c.now}, http.MethodGet, "/v1/ca", nil)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "CERTIFICATE" || !code.Vouches(block.Bytes) {
		return nil, ErrStranger
	}
	return x509.ParseCertificate(block.Bytes)
}

func (c *enroller) ask(ctx context.Context, code wire.EnrolCode, ca *x509.Certificate, key *ecdsa.PrivateKey) (answer wire.EnrolAnswer, err error) {
	request, err := certificateRequest(key)
	if err != nil {
		return answer, err
	}
	body, err := json.Marshal(wire.EnrolRequest{Code: code.Secret(), Request: string(request)})
	if err != nil {
		return answer, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	raw, err := c.call(ctx, &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, Time: c.now}, http.MethodPost, "/v1/enrolments", body)
	if err != nil {
		return answer, err
	}
	return answer, json.Unmarshal(raw, &answer)
}

// call sends one request on a connection of its own.
func (c *enroller) call(ctx context.Context, config *tls.Config, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionTimeout)
	defer cancel()
	target := *c.base
	target.Path = path
	req, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	if body != nil {
		req.Header.Set("Content-Type", wire.TypeJSON)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout, TLSClientConfig: config, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, wire.ReadProblem(resp, c.now())
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, wire.MaxEnrolReply+1))
	if err == nil && len(raw) > wire.MaxEnrolReply {
		err = fmt.Errorf("answer above %d bytes", wire.MaxEnrolReply)
	}
	return raw, err
}

// checkAnswer refuses what a box could not live with: a certificate for another key, store or life, or of another CA.
func checkAnswer(a wire.EnrolAnswer, ca *x509.Certificate, key *ecdsa.PrivateKey, now time.Time) error {
	if !store.SamePEM([]byte(a.CA), pemOf("CERTIFICATE", ca.Raw)) {
		return errors.New("it names another CA than the one that it showed")
	}
	id, epoch, err := checkCertificate([]byte(a.Certificate), ca, key, now)
	if err == nil && (id != loyalty.StoreID(a.Identity.Store) || epoch != loyalty.Epoch(a.Identity.Epoch)) {
		err = errors.New("the certificate is of another store")
	}
	return err
}

// checkCertificate says which life of which store a new certificate of ours is for.
func checkCertificate(certPEM []byte, ca *x509.Certificate, key *ecdsa.PrivateKey, now time.Time) (loyalty.StoreID, loyalty.Epoch, error) {
	block, _ := pem.Decode(certPEM)
	if block == nil {
		return 0, 0, errors.New("no certificate in it")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return 0, 0, err
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return 0, 0, errors.New("the certificate is for another key")
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		return 0, 0, err
	}
	return wire.CertStore(cert)
}

// certificateRequest is PKCS #10 for a key; head office takes the key from it and nothing else.
func certificateRequest(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, fmt.Errorf("make certificate request: %w", err)
	}
	return pemOf("CERTIFICATE REQUEST", der), nil
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
