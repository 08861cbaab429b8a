package headoffice

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// codeTries is how often the secret of a code may be given wrong.
const codeTries = 5

// Limits of how long a code is good.
const (
	minCodeLife = time.Minute
	maxCodeLife = 7 * 24 * time.Hour
)

type codeInput struct {
	Enrol enrolInput    `json:"enrol"`
	Life  time.Duration `json:"life"`
}

// Code is shown once, to whoever asked for it.
type Code struct {
	Store   loyalty.StoreID `json:"store"`
	Code    string          `json:"code"`
	Expires string          `json:"expires"` // UTC

	Pairing string `json:"pairing,omitempty"` // the code with head office's address, where that was given: all that a new box has to be told
}

// makeCode makes the code for a store's next box. The box that the store has goes on until the code is used.
func (o *Office) makeCode(ctx context.Context, in codeInput) (out Code, err error) {
	code, err := wire.NewEnrolCode(o.entropy, o.home.Keys.tlsCACert.Raw)
	if err != nil {
		return out, err
	}
	offer, err := json.Marshal(in.Enrol)
	if err != nil {
		return out, fmt.Errorf("make code: %w", err)
	}
	expires := o.clock().Add(in.Life)
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		return tx.PutEnrolCode(hodb.EnrolCode{Store: in.Enrol.Store, Name: wire.CodeName(code.Secret()), Digest: wire.CodeDigest(code.Secret()),
			Offer: offer, Expires: expires, Tries: codeTries})
	})
	out = Code{Store: in.Enrol.Store, Code: code.String(), Expires: clockText(expires)}
	if in.Enrol.HeadOffice != "" {
		out.Pairing = code.Pairing(in.Enrol.HeadOffice)
	}
	return out, err
}

// told is what a box got for its code; it gets the same again for the same key.
type told struct {
	enrolOutcome
	Certificate string `json:"certificate"`
}

// errCode is the one answer to a code that is wrong, used, over or unknown: which of these is nobody's business.
func errCode() *wire.Problem {
	return wire.NewProblem(wire.CodeCodeRefused, "ask head office for a new code")
}

// Enrol gives the box that knows a code its identity. The same code from the same box gets the same answer.
func (o *Office) Enrol(ctx context.Context, req wire.EnrolRequest) (answer wire.EnrolAnswer, err error) {
	key, err := requestedKey(req.Request)
	if err != nil {
		return answer, err
	}
	name := wire.CodeName(req.Code)
	if name == "" {
		return answer, errCode()
	}
	var refused *wire.Problem // a wrong try commits too
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		refused = nil
		code, err := tx.EnrolCode(name)
		if errors.Is(err, hodb.ErrNotFound) {
			refused = errCode()
			return nil
		}
		if err != nil {
			return err
		}
		answer, refused, err = o.useCode(tx, code, req.Code, key)
		return err
	})
	switch {
	case err != nil:
		return answer, fmt.Errorf("enrol by code: %w", err)
	case refused != nil:
		return wire.EnrolAnswer{}, refused
	}
	o.changed.ring()
	o.log.Info().Uint32("store", answer.Identity.Store).Uint32("epoch", answer.Identity.Epoch).Msg("box enrolled by code")
	return answer, nil
}

func (o *Office) useCode(tx *hodb.Tx, code hodb.EnrolCode, secret string, key *ecdsa.PublicKey) (answer wire.EnrolAnswer, refused *wire.Problem, err error) {
	if code.Tries == 0 || !wire.SameDigest(code.Digest, wire.CodeDigest(secret)) {
		return answer, errCode(), tx.MissEnrolCode(code)
	}
	digest, err := keyDigest(key)
	if err != nil {
		return answer, nil, err
	}
	var in enrolInput
	if err := json.Unmarshal(code.Offer, &in); err != nil {
		return answer, nil, fmt.Errorf("offer of store %d: %w", code.Store, err)
	}
	var out told
	switch {
	case code.Key != nil && store.Hash(code.Key) != digest, code.Key == nil && !tx.Now().Before(code.Expires):
		return answer, errCode(), nil
	case code.Key != nil:
		if err := json.Unmarshal(code.Answer, &out); err != nil {
			return answer, nil, fmt.Errorf("answer to store %d: %w", code.Store, err)
		}
	default:
		if out, err = o.answerCode(tx, in, key); err != nil {
			return answer, nil, err
		}
		code.Key = digest[:]
		if code.Answer, err = json.Marshal(out); err == nil {
			err = tx.UseEnrolCode(code)
		}
	}
	if err != nil {
		return answer, nil, err
	}
	keys := o.home.Keys
	id, err := o.home.identity(in, out.enrolOutcome)
	return wire.EnrolAnswer{Identity: id, Certificate: out.Certificate, CA: string(keys.caPEM()), NumberKey: keys.number[:]}, nil, err
}

func (o *Office) answerCode(tx *hodb.Tx, in enrolInput, key *ecdsa.PublicKey) (out told, err error) {
	if out.enrolOutcome, err = o.beginLife(tx, in); err != nil {
		return out, err
	}
	cert, err := o.home.Keys.certifyClient(client{store: in.Store, epoch: out.Epoch}, key, tx.Now())
	out.Certificate = string(cert)
	return out, err
}

// requestedKey reads a PKCS #10 request, which its key has signed. Of what else it says nothing is believed.
func requestedKey(text string) (*ecdsa.PublicKey, error) {
	bad := func(why string) error {
		return wire.NewProblem(wire.CodeBadRequest, "request: %s; send a PKCS #10 request of a P-256 key, PEM", why)
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, bad("no PEM block CERTIFICATE REQUEST")
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, bad("it cannot be read")
	}
	key, ok := request.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, bad("another kind of key")
	}
	if err := request.CheckSignature(); err != nil {
		return nil, bad("its signature does not match its key")
	}
	return key, nil
}

func keyDigest(key *ecdsa.PublicKey) (store.Hash, error) {
	point, err := key.Bytes()
	if err != nil {
		return store.Hash{}, fmt.Errorf("read key: %w", err)
	}
	return sha256.Sum256(point), nil
}

// Renew gives a box a certificate that ends later, for the life that its own stands for or for the one that a decision gave it.
func (o *Office) Renew(ctx context.Context, c client, req wire.RenewRequest) (answer wire.RenewAnswer, err error) {
	key, err := requestedKey(req.Request)
	if err != nil {
		return answer, err
	}
	epoch := cmp.Or(req.Epoch, c.epoch)
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		head, err := storeHead(tx, c.store, epoch)
		if err == nil && epoch != c.epoch && head.FromEpoch != c.epoch {
			err = wire.NewProblem(wire.CodeForbidden, "the certificate is of epoch %d", c.epoch)
		}
		return err
	})
	if err != nil {
		return answer, fmt.Errorf("renew certificate of store %d: %w", c.store, err)
	}
	cert, err := o.home.Keys.certifyClient(client{store: c.store, epoch: epoch}, key, o.clock())
	return wire.RenewAnswer{Certificate: string(cert)}, err
}
