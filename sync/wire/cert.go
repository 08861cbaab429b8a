package wire

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"strings"

	"loyaltill/agent/loyalty"
)

// CertURI is the one URI name in a store's certificate: loyaltill://store/17/epoch/3.
func CertURI(id loyalty.StoreID, epoch loyalty.Epoch) *url.URL {
	return &url.URL{Scheme: "loyaltill", Host: "store", Path: fmt.Sprintf("/%d/epoch/%d", id, epoch)}
}

// CertStore reads store and epoch from a certificate that was verified against head office's CA.
func CertStore(cert *x509.Certificate) (loyalty.StoreID, loyalty.Epoch, error) {
	for _, u := range cert.URIs {
		var id loyalty.StoreID
		var epoch loyalty.Epoch
		_, err := fmt.Sscanf(strings.TrimPrefix(u.Path, "/"), "%d/epoch/%d", &id, &epoch)
		if err == nil && id > 0 && epoch > 0 && u.String() == CertURI(id, epoch).String() {
			return id, epoch, nil
		}
	}
	return 0, 0, NewProblem(CodeUnauthorised, "the certificate names no store")
}
