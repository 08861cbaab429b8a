package cardsim

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// ErrSpeed says that nobody knows a speed of this name.
var ErrSpeed = errors.New("no such speed")

// Pace is how fast the cards in one reader are: names of a card's and of a link's speed, each of which may be empty for
// no time at all. On the virtual clock time only adds up in the Metrics; otherwise the reader waits for it.
type Pace struct {
	Card    string `json:"card,omitempty"`
	Link    string `json:"link,omitempty"`
	Virtual bool   `json:"virtual,omitempty"`
}

// Metrics are what a reader's commands have cost since its pace was set. Times follow from the pace, not from a watch.
type Metrics struct {
	Commands int   `json:"commands"`
	Bytes    int   `json:"bytes"`   // of commands and answers
	CardUS   int64 `json:"card_us"` // the card's own time
	LinkUS   int64 `json:"link_us"`
	LastUS   int64 `json:"last_us"` // of the last command, both together
}

// chipSpeed is a card's speed: what it needs for any command, and for each operation.
type chipSpeed struct {
	command time.Duration
	cost    [operations]time.Duration
}

func ms(v float64) time.Duration { return time.Duration(math.Round(1000*v)) * time.Microsecond }

// commandMS is the estimate for a SELECT, which computes nothing.
const commandMS = 5

// chips are measured by JCAlgTest (crocs-muni/jcalgtest_results), with 256 bytes of data; set-up and run are added. The AES
// and MAC of LYL1 run over less than that, so it is rather the upper end.
func chips() map[string]chipSpeed {
	return map[string]chipSpeed{
		"jcop4": {ms(commandMS), [operations]time.Duration{
			opKeyPair: ms(26.8), opAgree: ms(20.0 + 7.9), opHash: ms(7.9), opCipher: ms(6.1 + 1.9), opMAC: ms(6.1 + 2.1), opMACAgain: ms(2.1), opCommit: ms(5.3)}},
		"jcop3": {ms(commandMS), [operations]time.Duration{
			opKeyPair: ms(230), opAgree: ms(55.1 + 8.5), opHash: ms(8.6), opCipher: ms(13.7 + 9.0), opMAC: ms(13.6 + 10.3), opMACAgain: ms(10.3), opCommit: ms(1.6)}},
		"jcop241": {ms(commandMS), [operations]time.Duration{
			opKeyPair: ms(104), opAgree: ms(105.8 + 21), opHash: ms(22.1), opCipher: ms(11.6 + 65.7), opMAC: ms(11.8 + 11.7), opMACAgain: ms(11.7), opCommit: ms(20.1)}},
	}
}

// linkSpeed is a link's speed: a byte's time, and how many bytes frame what goes in one direction.
type linkSpeed struct {
	perByte time.Duration
	frame   int
}

// links follow from the standards. Contacts: ISO 7816-3, 11 etu a byte at 3.57 MHz, T=1 blocks with 3 bytes before and 1 behind;
// an etu is 372 clocks by default and 16 with TA1 = 96. Contactless: ISO 14443-4, 9 bits a byte and pauses, blocks with a
// byte before and 2 behind.
func links() map[string]linkSpeed {
	return map[string]linkSpeed{
		"contact-9600":   {1146 * time.Microsecond, 4},
		"contact-ta1-96": {49 * time.Microsecond, 4},
		"nfc-106":        {90 * time.Microsecond, 3},
		"nfc-424":        {22500 * time.Nanosecond, 3},
	}
}

func (p Pace) check() error {
	if _, ok := chips()[p.Card]; p.Card != "" && !ok {
		return fmt.Errorf("card %q: %w: one of %s", p.Card, ErrSpeed, strings.Join(slices.Sorted(maps.Keys(chips())), ", "))
	}
	if _, ok := links()[p.Link]; p.Link != "" && !ok {
		return fmt.Errorf("link %q: %w: one of %s", p.Link, ErrSpeed, strings.Join(slices.Sorted(maps.Keys(links())), ", "))
	}
	return nil
}

// SetPace sets how fast cards are here, and the metrics to zero.
func (c *Contacts) SetPace(p Pace) error {
	if err := p.check(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pace, c.metrics = p, Metrics{}
	c.chip, c.link = chips()[p.Card], links()[p.Link]
	return nil
}

// Pace is what SetPace set.
func (c *Contacts) Pace() Pace {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pace
}

// Metrics of the commands since then.
func (c *Contacts) Metrics() Metrics {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.metrics
}

// timed charges a command and its answer, and delays the answer unless the clock is virtual.
func (c *Contacts) timed(o Outcome, capdu []byte, w work) Outcome {
	inCard, onLink := c.chip.time(w), c.link.time(len(capdu)+len(o.Answer))
	c.metrics.Commands++
	c.metrics.Bytes += len(capdu) + len(o.Answer)
	c.metrics.CardUS += inCard.Microseconds()
	c.metrics.LinkUS += onLink.Microseconds()
	c.metrics.LastUS = (inCard + onLink).Microseconds()
	if !c.pace.Virtual {
		o.Delay += inCard + onLink
	}
	return o
}

// time of one command with this work.
func (s chipSpeed) time(w work) time.Duration {
	sum := s.command
	for op, n := range w {
		sum += time.Duration(n) * s.cost[op]
	}
	return sum
}

// time of a command and its answer.
func (s linkSpeed) time(bytes int) time.Duration { return time.Duration(bytes+2*s.frame) * s.perByte }
