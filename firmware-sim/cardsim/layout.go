package cardsim

// Where each datum lies, in words of four bytes.
const (
	lifeAt    = dataAt // lifeBlank, lifeActive, lifeTerminated
	keyAt     = lifeAt + 1
	certAt    = keyAt + 8
	ktxAt     = certAt + (certSize+3)/4
	kldAt     = ktxAt + 4
	infoLenAt = kldAt + 4
	infoAt    = infoLenAt + 1

	singleLimitAt     = infoAt + (infoMax+3)/4
	cumulativeLimitAt = singleLimitAt + 1

	secretsAt  = cumulativeLimitAt + 1 // which of PIN and PUK are set
	pinAt      = secretsAt + 1
	pukAt      = pinAt + 2
	pinTriesAt = pukAt + 2
	pukTriesAt = pinTriesAt + 1

	balanceAt    = pukTriesAt + 1
	ctrAt        = balanceAt + 1
	loadSeqAt    = ctrAt + 1
	spentAt      = loadSeqAt + 1 // spent without PIN since the last PIN
	ratifiedAt   = spentAt + 1
	lockAt       = ratifiedAt + 1
	voucherAt    = lockAt + 4 // the last voucher loaded, to know it again
	loadAnswerAt = voucherAt + (voucherSize+3)/4
	journalAt    = loadAnswerAt + (loadAnswerSize+3)/4

	transportAt    = journalAt + journalSlots*recordSize/4 // version of the transport keys; all zero once active
	transportEncAt = transportAt + 1
	transportMACAt = transportEncAt + 4
	transportDEKAt = transportMACAt + 4
	transportWords = 1 + 3*4

	certHashAt = transportAt + transportWords
	defectsAt  = certHashAt + hashSize/4

	nvmWords = defectsAt + 1
)

const (
	lifeBlank = iota
	lifeActive
	lifeTerminated
)

const (
	infoMax      = 80
	recordSize   = 48 // card.md 3.10
	journalSlots = 16 // card.md 2
)
