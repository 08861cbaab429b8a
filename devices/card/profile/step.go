package profile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"loyaltill/devices/apdu"
)

// Operations. This list and command.go are all that is ever sent to a foreign card.
const (
	opSelectAID    = "select_aid"
	opSelectFile   = "select_file"
	opReadBinary   = "read_binary"
	opReadRecord   = "read_record"
	opGetData      = "get_data"
	opUID          = "uid"
	opStorageBlock = "storage_block"
	opPIN          = "pin"
)

// step is one step with a card, checked.
type step struct {
	op       string
	as       string
	place    string // read[2]
	class    byte
	name     []byte // aid or fid
	quiet    bool   // no description of what was selected
	sfi      byte
	offset   int
	record   byte
	tag      []byte
	length   int
	block    byte
	keyRef   string
	keyType  byte
	cardName uint16
	pin      pinForm
}

// reads says whether the step's data can hold a number.
func (s *step) reads() bool {
	return !slices.Contains([]string{opSelectAID, opSelectFile, opPIN}, s.op)
}

// fieldsOf says which fields an operation needs and which it may have.
func fieldsOf(op string) (needs, may []string) {
	switch op {
	case opSelectAID:
		return []string{"aid"}, []string{"class", "answer"}
	case opSelectFile:
		return []string{"fid"}, []string{"class", "answer"}
	case opReadBinary:
		return []string{"as"}, []string{"class", "sfi", "offset", "length"}
	case opReadRecord:
		return []string{"record", "as"}, []string{"class", "sfi", "length"}
	case opGetData:
		return []string{"tag", "as"}, []string{"class", "length"}
	case opUID:
		return nil, []string{"as"}
	case opStorageBlock:
		return []string{"card", "block", "key_ref", "key_type"}, []string{"as"}
	case opPIN:
		return []string{"reference", "encoding"}, []string{"class", "length", "padding", "ask_tries", "wrong", "blocked"}
	case "magstripe":
		return []string{"track"}, []string{"as", "start", "end"}
	case "barcode":
		return []string{"symbology"}, []string{"as", "aim"}
	}
	return []string{"length"}, []string{"as"} // keypad
}

// fields checks that a step has the fields of its operation and no others.
func (c *compiler) fields(path, op string) {
	needs, may := fieldsOf(op)
	for _, name := range needs {
		if !c.given(join(path, name)) {
			c.fault(join(path, name), "is missing, and "+op+" needs it", "add it")
		}
	}
	for _, name := range namesOf(reflect.TypeFor[stepDef]()) {
		own := name == "op" || name == "source" || slices.Contains(needs, name) || slices.Contains(may, name)
		if c.given(join(path, name)) && !own {
			c.fault(join(path, name), "does not belong to "+op, "leave it out")
		}
	}
}

func (c *compiler) steps(defs []stepDef) []step {
	var all []step
	seen := map[string]bool{}
	pins := 0
	for i := range defs {
		d, path := &defs[i], fmt.Sprintf("read[%d]", i)
		switch {
		case d.Source != "":
			c.fault(path+".source", "stands among steps with a card", "make a profile of its own for text that the till sends")
			continue
		case d.Op == "":
			c.fault(path+".op", "is missing", "say what is done: select_aid, read_record and so on")
			continue
		case d.Op == "smarttap":
			c.fault(path+".op", "smarttap is reserved and not read yet", "leave the profile out")
			continue
		case d.As != "" && seen[d.As]:
			c.fault(path+".as", "is the name of an earlier step", "give each step its own")
		}
		seen[d.As] = true
		if d.Op == opPIN {
			if pins++; pins > 1 {
				c.fault(path, "is a second PIN", "keep one; a member types one PIN at a tap")
			}
		}
		c.fields(path, d.Op)
		all = append(all, c.step(path, d))
	}
	return all
}

func (c *compiler) step(path string, d *stepDef) step {
	s := step{op: d.Op, as: d.As, place: path, quiet: d.Answer == "none", sfi: byte(d.SFI), offset: d.Offset, record: byte(d.Record),
		tag: unhex(d.Tag), block: byte(d.Block), keyRef: strings.TrimPrefix(d.KeyRef, "secret:"), length: apdu.MaxShortLe}
	if class := unhex(d.Class); class != nil {
		s.class = class[0]
	}
	if s.as == "" {
		s.as = d.Op
	}
	s.name = unhex(d.AID)
	if d.Op == opSelectFile {
		s.name = unhex(d.FID)
	}
	if d.Op == opSelectAID && len(s.name) > 0 && isPayment(s.name) {
		c.fault(path+".aid", "is, or could select, a payment application", "payment cards are never read; ask the issuer for another application")
	}
	if len(d.Length) > 1 {
		c.fault(path+".length", fmt.Sprintf("has %d numbers", len(d.Length)), "write one")
	} else if len(d.Length) == 1 {
		s.length = d.Length[0]
	}
	if d.SFI > 0 && d.Offset > 255 {
		c.fault(path+".offset", "is above 255, and sfi leaves it one byte", "select the file by select_file, or lower it")
	}
	switch d.Op {
	case opStorageBlock:
		c.storage(path, d, &s)
	case opPIN:
		s.pin = c.pin(path, d)
	}
	return s
}

// Names of storage cards in the answer to reset, PC/SC part 3 supplement.
const (
	nameClassic1K = 0x0001
	nameClassic4K = 0x0002
)

func (c *compiler) storage(path string, d *stepDef, s *step) {
	blocks := 64
	s.cardName, s.keyType = nameClassic1K, 0x60
	if d.Card == "classic-4k" {
		s.cardName, blocks = nameClassic4K, 256
	}
	if d.KeyType == "B" {
		s.keyType = 0x61
	}
	if d.Block >= blocks {
		c.fault(path+".block", fmt.Sprintf("%d is not on a %s", d.Block, d.Card), fmt.Sprintf("write 0 to %d", blocks-1))
	}
	if trailer(d.Block) {
		c.fault(path+".block", fmt.Sprintf("%d holds the sector's keys", d.Block), "read a block of data")
	}
}

// trailer: the last block of a sector, which has four blocks in the first 2 KiB and sixteen above (MF1S70, 8.6).
func trailer(block int) bool {
	const small, large, border = 4, 16, 128
	if block < border {
		return block%small == small-1
	}
	return block%large == large-1
}
