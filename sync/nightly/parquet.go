package nightly

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// RowsPerGroup is how many rows a row group of the Parquet file holds.
const RowsPerGroup = 100_000

// WriteParquet writes the rows with the types of Row.
func WriteParquet(w io.Writer, rows []Row) error { return writeParquet(w, rows, RowsPerGroup) }

func writeParquet(w io.Writer, rows []Row, perGroup int64) error {
	out := parquet.NewGenericWriter[Row](w, parquet.Compression(&zstd.Codec{}), parquet.MaxRowsPerRowGroup(perGroup),
		parquet.CreatedBy("loyaltill", "1", "nightly"))
	if _, err := out.Write(rows); err != nil {
		return errors.Join(fmt.Errorf("write Parquet: %w", err), out.Close())
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// ReadParquet reads a file whose bytes are known to be head office's.
func ReadParquet(content []byte) ([]Row, error) {
	in := parquet.NewGenericReader[Row](bytes.NewReader(content))
	rows := make([]Row, in.NumRows())
	n, err := in.Read(rows)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err == nil && n != len(rows) {
		err = fmt.Errorf("%d rows of %d", n, len(rows))
	}
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, fmt.Errorf("read Parquet: %w", err)
	}
	return rows, nil
}
