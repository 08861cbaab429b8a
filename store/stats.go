package store

import (
	"os"
	"sync/atomic"
)

// groupBounds is how many sizes of groups are told apart: up to 1, 2, 4, … groupLimit.
const groupBounds = 7

// counts are what the writer did since the file was opened.
type counts struct {
	requests, commits, failures atomic.Uint64
	groups                      [groupBounds]atomic.Uint64 // by the smallest power of two that is not below the size
}

func (c *counts) committed(group int) {
	c.requests.Add(uint64(group))
	c.commits.Add(1)
	bound := 0
	for 1<<bound < group && bound < groupBounds-1 {
		bound++
	}
	c.groups[bound].Add(1)
}

// Stats are how a database file is doing.
type Stats struct {
	Waiting    int                // requests in the queue
	Requests   uint64             // that shared durable commits, since the file was opened
	Commits    uint64             // durable commits
	GroupsUpTo map[float64]uint64 // commits with at most so many requests
	Failures   uint64             // commits that the disk did not take
	Bytes, WAL int64              // sizes of the file and of its write-ahead log
}

// Stats looks at the file's size by name: opening the file would drop SQLite's locks.
func (db *DB) Stats() Stats {
	c := &db.counts
	s := Stats{Waiting: len(db.queue), Requests: c.requests.Load(), Commits: c.commits.Load(), Failures: c.failures.Load(),
		GroupsUpTo: make(map[float64]uint64, groupBounds), Bytes: size(db.path), WAL: size(db.path + "-wal")}
	total := uint64(0)
	for i := range c.groups {
		total += c.groups[i].Load()
		s.GroupsUpTo[float64(int(1)<<i)] = total
	}
	return s
}

// size is 0 for a file that is not there: an empty write-ahead log may be taken away.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
