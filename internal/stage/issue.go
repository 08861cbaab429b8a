package stage

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
)

// blankKeys are the transport keys of the simulator's blanks, as a maker of cards hands them over.
const blankKeys = `{"version":1,"enc":"404142434445464748494a4b4c4d4e4f","mac":"404142434445464748494a4b4c4d4e4f","dek":"404142434445464748494a4b4c4d4e4f"}`

// issueCards makes each member's card at the first lane's reader, which the agent does not hold yet: head office
// personalises, and somebody puts one blank in after the other.
func (s *Shop) issueCards(ctx context.Context) error {
	if len(s.Members) == 0 {
		return nil
	}
	list := bytes.NewBufferString("number,language\n") // each number is new, so each row enters a member
	for _, m := range s.Members {
		if _, err := s.Run(ctx, "firmware-sim", "card", "create", "--cards", s.path("cards"), m.Name); err != nil {
			return err
		}
		fmt.Fprintf(list, "%s,%s\n", m.Number, m.Language)
	}
	err := errors.Join(os.WriteFile(s.path("issued", "list.csv"), list.Bytes(), 0o600),
		os.WriteFile(s.path("issued", "blanks.json"), []byte(blankKeys), 0o600))
	if err != nil {
		return err
	}
	if err := s.personalise(ctx); err != nil {
		return err
	}
	return s.openLetters()
}

func (s *Shop) personalise(ctx context.Context) error {
	log, err := os.Create(s.path("log", "personalise.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	args := append([]string{"card", "personalise", s.path("issued", "list.csv"), "--dir", s.HeadOfficeDir(),
		"--transport-keys", s.path("issued", "blanks.json"), "--out", s.path("issued", "batch")}, s.readers[0].desk...)
	if s.PINAtTill {
		args = append(args, "--pin-at-till")
	}
	if s.Pinpads || s.PinpadLane {
		args = append(args, "--plain-verify")
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program("headoffice"), args...)
	cmd.Stderr = log
	told, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = s.feedBlanks(ctx, bufio.NewScanner(told))
	if err != nil {
		cancel() // nobody puts the next blank in
	}
	if ended := cmd.Wait(); ended != nil {
		return errors.Join(err, fmt.Errorf("headoffice card personalise: %w; see %s", ended, log.Name()))
	}
	return err
}

// feedBlanks puts the next blank in whenever a card is done, until the command has said all.
func (s *Shop) feedBlanks(ctx context.Context, told *bufio.Scanner) error {
	made := 0
	if err := s.Insert(ctx, 1, s.Members[made].Name); err != nil {
		return err
	}
	for told.Scan() {
		var card struct {
			Line int
			Done bool
		}
		if json.Unmarshal(told.Bytes(), &card) != nil || card.Line == 0 || !card.Done {
			continue // what the whole batch came to
		}
		if err := s.Remove(ctx, 1); err != nil {
			return err
		}
		if made++; made < len(s.Members) {
			if err := s.Insert(ctx, 1, s.Members[made].Name); err != nil {
				return err
			}
		}
	}
	return told.Err()
}

// secret finds what stands by itself in a letter, on either side of its line: the PIN, unless it is chosen at the till, then the PUK.
var secret = regexp.MustCompile(`(?m)(?:^|\s)([0-9]{4,8})(?:\s|$)`)

// openLetters gives the members their PINs and PUKs, and leaves the letters nowhere.
func (s *Shop) openLetters() error {
	for i := range s.Members {
		path := s.path("issued", "batch", "letters", fmt.Sprintf("%06d.txt", i+2)) // named by the list's line
		letter, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found := secret.FindAllSubmatch(letter, -1)
		if !s.PINAtTill && len(found) == 2 {
			s.Members[i].PIN, found = string(found[0][1]), found[1:]
		}
		if len(found) != 1 {
			return fmt.Errorf("%s does not tell the PIN and the PUK", path)
		}
		s.Members[i].PUK = string(found[0][1])
	}
	return os.RemoveAll(s.path("issued", "batch", "letters"))
}
