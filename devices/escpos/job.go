package escpos

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// JobNo counts the jobs of a printer; it wraps at JobNumbers.
type JobNo uint16

// Process ids are four characters of printable ASCII (printing.md, GS ( H fn 48):
// two digits of base 95 for the job, two for the segment.
const (
	idBase  = 95
	idFirst = ' '

	// JobNumbers is the count of distinct job numbers.
	JobNumbers = idBase * idBase
	// maxSegments is the count of distinct segment numbers within a job.
	maxSegments = idBase * idBase
)

// ProcessID is the acknowledgement id JJSS of a segment.
func ProcessID(job JobNo, segment int) [4]byte {
	j, s := int(job)%JobNumbers, segment%maxSegments
	return [4]byte{
		idFirst + byte(j/idBase), idFirst + byte(j%idBase),
		idFirst + byte(s/idBase), idFirst + byte(s%idBase),
	}
}

// Confirm is what an acknowledgement of the job's segments will mean.
type Confirm uint8

// Confirmation levels (printing.md, Device state machine). The numbers are stored.
const (
	ConfirmNone      Confirm = 0 // C0, C1: nothing comes back
	ConfirmProcessed Confirm = 2 // C2: GS r 1 behind each segment; taken from the buffer
	ConfirmPrinted   Confirm = 3 // C3: GS ( H fn 48 behind each segment; on paper
)

// SegmentKind says what a segment ends with or is made of. The numbers are stored.
type SegmentKind uint8

// Kinds of segment.
const (
	SegmentText   SegmentKind = 1
	SegmentRaster SegmentKind = 2 // holds binary payload: a raster band, cells of glyphs
	SegmentCut    SegmentKind = 3
	SegmentDrawer SegmentKind = 4
)

// String names the kind for logs and the journal.
func (k SegmentKind) String() string {
	switch k {
	case SegmentText:
		return "text"
	case SegmentRaster:
		return "raster"
	case SegmentCut:
		return "cut"
	case SegmentDrawer:
		return "drawer"
	default:
		return fmt.Sprintf("segment kind %d", uint8(k))
	}
}

// Segment is the unit of sending: whole lines, and at the end of Bytes the command
// that makes the printer acknowledge them.
type Segment struct {
	Kind  SegmentKind
	Bytes []byte
	Ack   [4]byte // the process id; zero unless the job confirms printing
}

// Job is a document encoded for one printer. It is stored before its first byte is
// sent, and sent again only from there, never from a second encoding.
type Job struct {
	No       JobNo
	Profile  string // revision of the printer profile
	Confirm  Confirm
	Segments []Segment
}

// CommitID is the process id whose answer means that the whole job is on paper:
// the one behind the last cut. It is zero unless the job confirms printing.
func (j *Job) CommitID() [4]byte {
	if len(j.Segments) == 0 {
		return [4]byte{}
	}
	return j.Segments[len(j.Segments)-1].Ack
}

// Size is the number of bytes to send.
func (j *Job) Size() int {
	n := 0
	for _, s := range j.Segments {
		n += len(s.Bytes)
	}
	return n
}

// Bytes is the whole job in one piece.
func (j *Job) Bytes() []byte {
	out := make([]byte, 0, j.Size())
	for _, s := range j.Segments {
		out = append(out, s.Bytes...)
	}
	return out
}

// The stored form: magic, job number, confirmation, profile revision, segment count;
// for each segment kind, id, length, bytes; at the end a CRC-32 of all before it.
// Numbers are big endian.
const (
	jobMagic         = "LYJ1"
	jobHeadBytes     = len(jobMagic) + 2 + 1 + 1
	segmentHeadBytes = 1 + 4 + 4
	crcBytes         = 4
	maxProfileID     = 64
	maxRevision      = maxProfileID + 1 + 2*revisionHash
)

// ErrStoredJob is the cause when stored bytes are not a job.
var ErrStoredJob = errors.New("not a stored print job")

// MarshalBinary returns the stored form.
func (j *Job) MarshalBinary() ([]byte, error) {
	if len(j.Profile) > maxRevision || len(j.Segments) > maxSegments {
		return nil, fmt.Errorf("store job %d: profile revision of %d bytes, %d segments", j.No, len(j.Profile), len(j.Segments))
	}
	out := make([]byte, 0, jobHeadBytes+len(j.Profile)+2+len(j.Segments)*segmentHeadBytes+j.Size()+crcBytes)
	out = append(out, jobMagic...)
	out = binary.BigEndian.AppendUint16(out, uint16(j.No))
	out = append(out, byte(j.Confirm), byte(len(j.Profile)))
	out = append(out, j.Profile...)
	out = binary.BigEndian.AppendUint16(out, uint16(len(j.Segments)))
	for _, s := range j.Segments {
		out = append(out, byte(s.Kind))
		out = append(out, s.Ack[:]...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(s.Bytes)))
		out = append(out, s.Bytes...)
	}
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out)), nil
}

// UnmarshalBinary reads the stored form; whatever is not exactly one is ErrStoredJob.
func (j *Job) UnmarshalBinary(data []byte) error {
	if len(data) < jobHeadBytes+2+crcBytes || string(data[:len(jobMagic)]) != jobMagic {
		return ErrStoredJob
	}
	body, crc := data[:len(data)-crcBytes], data[len(data)-crcBytes:]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(crc) {
		return fmt.Errorf("%w: checksum differs", ErrStoredJob)
	}
	head, rest := body[len(jobMagic):jobHeadBytes], body[jobHeadBytes:]
	job := Job{No: JobNo(binary.BigEndian.Uint16(head)), Confirm: Confirm(head[2])}
	idLen := int(head[3])
	if len(rest) < idLen+2 {
		return ErrStoredJob
	}
	job.Profile, rest = string(rest[:idLen]), rest[idLen:]
	count, rest := int(binary.BigEndian.Uint16(rest)), rest[2:]
	for range count {
		if len(rest) < segmentHeadBytes {
			return ErrStoredJob
		}
		s := Segment{Kind: SegmentKind(rest[0]), Ack: [4]byte(rest[1:5])}
		n := uint64(binary.BigEndian.Uint32(rest[5:]))
		rest = rest[segmentHeadBytes:]
		if n > uint64(len(rest)) {
			return ErrStoredJob
		}
		s.Bytes, rest = append([]byte(nil), rest[:n]...), rest[n:]
		job.Segments = append(job.Segments, s)
	}
	if len(rest) != 0 {
		return ErrStoredJob
	}
	*j = job
	return nil
}
