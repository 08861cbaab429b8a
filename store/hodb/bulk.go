package hodb

import (
	"fmt"
	"strconv"
	"strings"
)

// bulk is a statement that writes many rows of one table at once: INSERT or UPDATE, the rest of the head, the rows, a tail.
type bulk struct {
	table string
	verb  string
	head  string
	types []string // of a row's values, where the statement does not say; nil: those of the table's columns
	tail  string
}

// insertInto is a bulk that adds rows; clash says what becomes of one whose key is there, empty that it must not be.
func insertInto(table, columns, clash string) bulk {
	return bulk{table: table, verb: "INSERT", head: " INTO " + table + " (" + columns + ") VALUES ", tail: clash}
}

// maxBulk bounds the rows of one statement. Fewer go by powers of four, so that few texts are ever prepared.
const maxBulk = 64

// places writes ($3, $4, $5), as many as there are values of a list, from a parameter on.
func places(from, n int) string {
	b := []byte{'('}
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(append(b, '$'), int64(from+i), 10)
	}
	return string(append(b, ')'))
}

// values writes ($1, $2), ($3, $4) and so on.
func values(rows, width int, types []string) string {
	b := []byte{'('}
	for i := range rows * width {
		switch {
		case i == 0:
		case i%width == 0:
			b = append(b, "), ("...)
		default:
			b = append(b, ", "...)
		}
		if i < len(types) {
			b = fmt.Appendf(b, "CAST($%d AS %s)", i+1, types[i])
		} else {
			b = strconv.AppendInt(append(b, '$'), int64(i+1), 10)
		}
	}
	return string(append(b, ')'))
}

// pieces cuts n things into statements of few sizes.
func pieces(n int, do func(from, to int) error) error {
	size := maxBulk
	for from := 0; from < n; {
		for size > n-from {
			size /= 4
		}
		if err := do(from, from+size); err != nil {
			return err
		}
		from += size
	}
	return nil
}

// write runs a bulk for rows of one width, one after the other in args.
func (tx *Tx) write(b bulk, width int, args []any) error {
	return pieces(len(args)/width, func(from, to int) error {
		if _, err := tx.conn.Exec(tx.textOf(b, to-from, width), args[from*width:to*width]...); err != nil {
			return fmt.Errorf("write %s: %w", b.table, err)
		}
		return nil
	})
}

// bulkText names the text of a bulk for so many rows.
type bulkText struct {
	head string
	rows int
}

// textOf makes each text once in a transaction.
func (tx *Tx) textOf(b bulk, rows, width int) string {
	name := bulkText{b.head, rows}
	text, made := tx.texts[name]
	if !made {
		text = b.verb + tx.conn.dialect().orFail + b.head + values(rows, width, b.types) + b.tail
		if tx.texts == nil {
			tx.texts = map[bulkText]string{}
		}
		tx.texts[name] = text
	}
	return text
}

// queue is rows of one table that are not written yet.
type queue struct {
	bulk  bulk
	width int
	args  []any
}

// later adds a row that is written with others, before anybody reads the table, and at the end of the transaction.
func (tx *Tx) later(b bulk, row ...any) error {
	for i := range tx.queues {
		if w := &tx.queues[i]; w.bulk.head == b.head {
			if w.args = append(w.args, row...); len(w.args) < maxBulk*w.width {
				return nil
			}
			return tx.written(w)
		}
	}
	tx.queues = append(tx.queues, queue{bulk: b, width: len(row), args: row})
	return nil
}

func (tx *Tx) written(w *queue) error {
	args := w.args
	w.args = w.args[:0]
	return tx.write(w.bulk, w.width, args)
}

// allWritten writes every row that waits.
func (tx *Tx) allWritten() error { return tx.writtenFor("") }

// writtenFor writes the rows that wait for the tables that a statement names; for an empty one, all.
func (tx *Tx) writtenFor(query string) error {
	for i := range tx.queues {
		if w := &tx.queues[i]; len(w.args) > 0 && (query == "" || names(query, w.bulk.table)) {
			if err := tx.written(w); err != nil {
				return err
			}
		}
	}
	return nil
}

// names tells whether a word stands in a statement, not as part of a longer one.
func names(query, word string) bool {
	for at := 0; ; {
		i := strings.Index(query[at:], word)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(word)
		if (from == 0 || !inWord(query[from-1])) && (to == len(query) || !inWord(query[to])) {
			return true
		}
		at = to
	}
}

func inWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
