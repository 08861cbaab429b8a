package wire

import "time"

// Protocol is the version that this code speaks; requests carry it in the Loyalty-Protocol header.
const (
	Protocol    = 1
	MinProtocol = 1 // the oldest version that head office still accepts
)

// Limits of one message (docs/wire.md, 9). Both sides enforce them.
const (
	MaxBatchEntries  = 2000
	MaxBatchBytes    = 4 << 20        // unzipped, line ends included
	MaxPackedBytes   = 4<<20 + 64<<10 // as sent: what does not compress still fits
	MaxWindowBytes   = 8 << 20        // zstd window that a decoder has to provide
	MaxSessionBytes  = 4 << 10
	MaxProblemBytes  = 16 << 10
	MaxFeedRows      = 5000
	MaxFeedBytes     = 16 << 20 // one page; a group never exceeds it
	MaxFeedRowBytes  = 1 << 20
	MaxSnapshotParts = 10_000
	MaxManifestBytes = 2 << 20 // what names that many parts
	MaxClosesPerPage = 1000
	MaxLeaseSeconds  = 31 * 24 * 60 * 60 // an allowance lasts a month at most
	MaxWait          = 30 * time.Second  // long poll
	MaxRetryAfter    = time.Hour
)

// Header names of a batch.
const (
	HeaderProtocol = "Loyalty-Protocol"
	HeaderSession  = "Loyalty-Session"
	HeaderRange    = "Loyalty-Range"
	HeaderPrev     = "Loyalty-Prev"
	HeaderHead     = "Loyalty-Head"
	HeaderDigest   = "Content-Digest"
	HeaderKey      = "Idempotency-Key"

	TypeNDJSON  = "application/x-ndjson"
	TypeColumns = "application/vnd.loyaltill.columns"
	TypeJSON    = "application/json"
	TypePEM     = "application/x-pem-file"
	TypeProblem = "application/problem+json"
	CodingZstd  = "zstd"
)
