package cardsim

// operation is what costs a card time.
type operation int

const (
	opKeyPair  operation = iota // a P-256 key pair
	opAgree                     // ECDH on P-256
	opHash                      // SHA-256
	opCipher                    // AES-CBC, with its key set up; the block that makes the IV goes with it
	opMAC                       // AES-CMAC, with its key set up
	opMACAgain                  // another one under the key that is set up
	opCommit                    // one atomic change of the memory
	operations
)

// work counts what a card did for one command.
type work [operations]int

func (w work) total() (n int) {
	for _, v := range w {
		n += v
	}
	return n
}

func (w *work) add(op operation) { w[op]++ }
