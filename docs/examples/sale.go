// Command sale makes a sale to a member known by number, as a till does: quote, write the key down, commit, and ask again until there
// is an answer.
//
//	LOYALTILL_TOKEN_FILE=.../api.token go run sale.go 6034000000000018
package main

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

const tries = 5

// problem is a refusal: decide by its code, show its message to the cashier.
type problem struct {
	Code, Message string
	Retryable     bool
}

func (p *problem) Error() string { return p.Code + ": " + p.Message }

type quote struct {
	Quote  string
	ToPay  int64 `json:"to_pay"`
	Earned int64
}

type sold struct {
	Seq, Earned, Balance int64
	ToPay                int64 `json:"to_pay"`
	Replayed             bool
}

// pending is a sale that has no answer yet. It lies on the till's disk, where a restart finds it.
type pending struct {
	Key  string         `json:"key"`
	Body map[string]any `json:"body"`
}

type till struct {
	url, token, file string
	client           http.Client
}

func (t *till) call(path, key string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(http.MethodPost, t.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+t.token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", "en")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := t.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		p := &problem{}
		if err := json.NewDecoder(answer.Body).Decode(p); err != nil {
			return err
		}
		return p
	}
	return json.NewDecoder(answer.Body).Decode(out)
}

// commit sends the same key and body until there is an answer: whether the first try went through does not matter.
func (t *till) commit(p pending) (s sold, err error) {
	for n := range tries {
		time.Sleep(time.Duration(n) * time.Second)
		err = t.call("/v1/lanes/1/sales", p.Key, p.Body, &s)
		var refused *problem
		if err == nil || errors.As(err, &refused) && !refused.Retryable {
			break
		}
	}
	return s, err
}

// begin quotes a bill and writes down what is going to be committed.
func (t *till) begin(number string) (p pending, err error) {
	p.Key = newKey()
	p.Body = map[string]any{"number": number, "cashier": "anna", "lines": []map[string]any{
		{"sku": "4750001", "name": "Milk 1 l", "category": "food/dairy", "quantity": 2000, "amount": 858, "tax": 1200}}}
	var q quote
	if err := t.call("/v1/lanes/1/quote", "", p.Body, &q); err != nil {
		return p, err
	}
	fmt.Printf("quote: %s to pay, earns %d\n", money(q.ToPay), q.Earned)
	p.Body["quote"], p.Body["tenders"] = q.Quote, []map[string]any{{"kind": "cash", "amount": q.ToPay}}
	raw, err := json.Marshal(p)
	if err != nil {
		return p, err
	}
	f, err := os.Create(t.file)
	if err != nil {
		return p, err
	}
	_, err = f.Write(raw)
	return p, errors.Join(err, f.Sync(), f.Close())
}

func (t *till) run(number string) error {
	var p pending
	raw, err := os.ReadFile(t.file)
	switch {
	case err == nil:
		err = json.Unmarshal(raw, &p)
	case errors.Is(err, os.ErrNotExist):
		p, err = t.begin(number)
	}
	if err != nil {
		return err
	}
	s, err := t.commit(p)
	if err != nil {
		if refused := (*problem)(nil); errors.As(err, &refused) && !refused.Retryable { // final: nothing was sold
			return errors.Join(err, os.Remove(t.file))
		}
		return err
	}
	fmt.Printf("sale: %s paid, earned %d, balance %d\n", money(s.ToPay), s.Earned, s.Balance)
	again, err := t.commit(p)
	if err != nil {
		return err
	}
	if !again.Replayed || again.Seq != s.Seq {
		return errors.New("again: another sale")
	}
	fmt.Println("again: the first answer")
	return os.Remove(t.file)
}

// newKey is a random UUID.
func newKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func money(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func main() {
	token, err := os.ReadFile(os.Getenv("LOYALTILL_TOKEN_FILE"))
	if err != nil {
		log.Fatal(err)
	}
	t := &till{
		url: cmp.Or(os.Getenv("LOYALTILL_URL"), "http://127.0.0.1:8787"), file: cmp.Or(os.Getenv("LOYALTILL_PENDING"), "sale.pending"),
		token: string(bytes.TrimSpace(token)), client: http.Client{Timeout: 50 * time.Second},
	}
	err = t.run(os.Args[1])
	var refused *problem
	if errors.As(err, &refused) {
		fmt.Println("refused:", refused)
	} else if err != nil {
		log.Fatal(err)
	}
}
