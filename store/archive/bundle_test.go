package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

func TestABundleIsForOneReaderAndBounded(t *testing.T) {
	support, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	b, err := NewBundle(&sealed, support.Recipient().String(), time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Put("log.jsonl", []byte("old"+strings.Repeat("x", MaxText-3)+"new")); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := age.Decrypt(bytes.NewReader(sealed.Bytes()), stranger); err == nil {
		t.Error("a stranger opens it")
	}
	open, err := age.Decrypt(bytes.NewReader(sealed.Bytes()), support)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(open)
	if err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(unpacked)
	if _, err := in.Next(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil || len(text) != MaxText || strings.HasPrefix(string(text), "old") || !strings.HasSuffix(string(text), "new") {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestABundleWantsARecipient(t *testing.T) {
	for _, to := range []string{"", "age1", "AGE-SECRET-KEY-1", "support@example.org"} {
		if CheckRecipient(to) == nil {
			t.Errorf("%q is taken", to)
		}
		if _, err := NewBundle(io.Discard, to, time.Time{}); err == nil {
			t.Errorf("%q is sealed for", to)
		}
	}
}
