// Package faults plays the faults of a shop against the real programs and the real files: power cuts, dying processes,
// failing and full disks, copied and lost ledgers, broken lines, a head office that dies or comes back from an older copy,
// wrong clocks, old formats and hostile bytes. docs/faults.md lists each with its test.
//
// It holds tests only, and owns what plays the faults. It must never know more of the product than an operator or an
// attacker could: what it checks is that no answered sale is lost and none counts twice.
package faults
