package uplink

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"loyaltill/store"
	"loyaltill/sync/wire"
)

// renewLook is how often the end of the certificate is looked at, and how often a renewal that failed is tried again.
const renewLook = time.Hour

// renewShare is the part of a certificate's life that is left when it is renewed: months of a line that is down do no harm.
const renewShare = 3

// KeepCertificate renews the store's certificate before it ends, until ctx ends. A box whose certificate cannot be renewed goes on
// with the one that it has.
func (c *Client) KeepCertificate(ctx context.Context, told func(error)) error {
	for {
		if c.due() {
			if err := c.renew(ctx); ctx.Err() == nil {
				told(err)
			}
		}
		if err := sleep(ctx, renewLook); err != nil {
			return err
		}
	}
}

// due says whether the last third of the certificate's life has begun.
func (c *Client) due() bool {
	leaf := c.cert.Load().Leaf
	return c.now().After(leaf.NotAfter.Add(-leaf.NotAfter.Sub(leaf.NotBefore) / renewShare))
}

// renew asks for a certificate for the key that the box has, writes it over the old one, and shows it from the next connection on.
func (c *Client) renew(ctx context.Context) error {
	old := c.cert.Load()
	key, ok := old.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return errors.New("renew certificate: the store's key is not of P-256")
	}
	id, epoch, err := wire.CertStore(old.Leaf)
	if err != nil {
		return err
	}
	fresh, err := c.askCertificate(ctx, key, wire.RenewRequest{})
	if err != nil {
		return fmt.Errorf("renew certificate: %w", err)
	}
	ca, err := readCA(c.identity)
	if err != nil {
		return err
	}
	newID, newEpoch, err := checkCertificate(fresh, ca, key, c.now())
	if err == nil && (newID != id || newEpoch != epoch) {
		err = errors.New("it is of another store")
	}
	if err != nil {
		return fmt.Errorf("renewed certificate: %w", err)
	}
	if err := store.ReplaceFile(c.identity.Path(store.CertFile), 0o644, fresh); err != nil {
		return fmt.Errorf("renew certificate: %w", err)
	}
	return c.loadCertificate()
}

// loadCertificate reads the certificate that is shown from now on; connections that stand keep theirs until they end.
func (c *Client) loadCertificate() error {
	pair, err := tls.LoadX509KeyPair(c.identity.Path(store.CertFile), c.identity.Path(store.KeyFile))
	if err != nil {
		return fmt.Errorf("store certificate %s: %w", c.identity.Path(store.CertFile), err)
	}
	c.cert.Store(&pair)
	return nil
}

func readCA(id *store.Identity) (*x509.Certificate, error) {
	raw, err := os.ReadFile(id.Path(store.CAFile))
	if err != nil {
		return nil, fmt.Errorf("head office's CA: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("head office's CA %s: no certificate in it", id.Path(store.CAFile))
	}
	return x509.ParseCertificate(block.Bytes)
}
