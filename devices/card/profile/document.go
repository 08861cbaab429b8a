package profile

// The form of a profile file. The tags are the one place that says what a field may hold: the reader checks by them and the
// JSON Schema is made of them.
//
//	oneof  the words that a text may be
//	form   a regular expression for a text
//	like   an example of that form, for the remedy
//	min, max  of a number, or of how many items a list has
//	says   what the field is for
//
// A field without omitempty must be there.

type document struct {
	Schema   string     `json:"$schema,omitempty" says:"For editors; not read."`
	Profile  string     `json:"profile" form:"^[a-z0-9][a-z0-9-]{0,39}$" like:"oldchain-ef04" says:"Name of the profile; no two of a store have the same."`
	Version  int        `json:"version" min:"1" max:"1000000" says:"Version of this profile, for people."`
	Priority int        `json:"priority" min:"0" max:"1000" says:"Of several profiles that fit, the one with the highest priority is tried first."`
	Match    matchDef   `json:"match,omitempty" says:"Which cards the profile is for. Left out for text that the till sends."`
	Read     []stepDef  `json:"read" min:"1" max:"20" says:"What is done with the card, in this order; or the one source of text."`
	Member   memberDef  `json:"member" says:"How the member's number comes out of what was read."`
	Trust    trustDef   `json:"trust,omitempty" says:"What such a number is good for."`
	Privacy  privacyDef `json:"privacy,omitempty" says:"How the number is kept. There is one way; the section is for readers of the file."`
}

type matchDef struct {
	ATR    string `json:"atr,omitempty" form:"^([0-9A-F.]{2}){2,33}$" like:"3B6800.........." says:"Beginning of the answer to reset, in hexadecimal; a dot stands for any digit."`
	Mask   string `json:"atr_mask,omitempty" form:"^([0-9A-F.]{2}){2,33}$" like:"FFFFFF.........." says:"Bits of the answer to reset that count, as long as atr; a dot counts nothing."`
	Medium string `json:"medium,omitempty" oneof:"contact,contactless" says:"The interface; left out: either."`
}

type stepDef struct {
	Op     string `json:"op,omitempty" oneof:"select_aid,select_file,read_binary,read_record,get_data,uid,storage_block,pin,smarttap" says:"What is done with the card. smarttap is reserved."`
	Source string `json:"source,omitempty" oneof:"magstripe,barcode,keypad" says:"Where the till has the text from, in place of op."`
	As     string `json:"as,omitempty" form:"^[a-z][a-z0-9_]{0,15}$" like:"r1" says:"Name for what the step reads."`

	Class  string `json:"class,omitempty" oneof:"00,80,A0" says:"Class byte of the command; 00."`
	AID    string `json:"aid,omitempty" form:"^([0-9A-F]{2}){5,16}$" like:"D276000124010200" says:"select_aid: application identifier."`
	FID    string `json:"fid,omitempty" form:"^[0-9A-F]{4}$" like:"EF04" says:"select_file: file identifier. Walk a path by several steps."`
	Answer string `json:"answer,omitempty" oneof:"fci,none" says:"select_aid, select_file: whether the card is asked to describe what was selected; fci."`
	SFI    int    `json:"sfi,omitempty" min:"1" max:"30" says:"read_binary, read_record: short file identifier, in place of a file selected before."`
	Offset int    `json:"offset,omitempty" min:"0" max:"32767" says:"read_binary: first byte; with sfi at most 255."`
	Record int    `json:"record,omitempty" min:"1" max:"254" says:"read_record: number of the record."`
	Tag    string `json:"tag,omitempty" form:"^[0-9A-F]{4}$" like:"0101" says:"get_data: P1 and P2, a tag of one byte behind 00."`
	Length []int  `json:"length,omitempty" min:"1" max:"256" says:"Bytes to read, 256 when left out; pin: length of the block that is sent; keypad: fewest and most characters."`

	Card    string `json:"card,omitempty" oneof:"classic-1k,classic-4k" says:"storage_block: kind of card."`
	Block   int    `json:"block,omitempty" min:"0" max:"255" says:"storage_block: number of the block."`
	KeyRef  string `json:"key_ref,omitempty" form:"^secret:[A-Za-z0-9._-]{1,40}$" like:"secret:oldchain-keyA" says:"storage_block: name of the key in the store's file of secrets."`
	KeyType string `json:"key_type,omitempty" oneof:"A,B" says:"storage_block: which of the sector's keys it is."`

	Reference string   `json:"reference,omitempty" form:"^[0-9A-F]{2}$" like:"01" says:"pin: which PIN of the card, P2 of VERIFY."`
	Encoding  string   `json:"encoding,omitempty" oneof:"ascii,bcd" says:"pin: how the digits are sent."`
	Padding   string   `json:"padding,omitempty" form:"^[0-9A-F]{2}$" like:"FF" says:"pin: the byte that fills the block; FF. With bcd and an odd number of digits its low half ends the last one."`
	AskTries  bool     `json:"ask_tries,omitempty" says:"pin: ask for the tries left by an empty VERIFY first. Only for cards that do not take it for a wrong PIN."`
	Wrong     []string `json:"wrong,omitempty" max:"16" form:"^[0-9A-F]{3}[0-9A-Fx]$" like:"9804" says:"pin: status words of a wrong PIN beside 63Cx; x is the tries left."`
	Blocked   []string `json:"blocked,omitempty" max:"16" form:"^[0-9A-F]{4}$" like:"9840" says:"pin: status words of a blocked PIN beside 6983 and 63C0."`

	Track     int      `json:"track,omitempty" min:"1" max:"3" says:"magstripe: which track the text is of."`
	Start     string   `json:"start,omitempty" form:"^[!-~]$" like:";" says:"magstripe: the character before the data."`
	End       string   `json:"end,omitempty" form:"^[!-~]$" like:"?" says:"magstripe: the character behind the data; what follows it is dropped."`
	Symbology []string `json:"symbology,omitempty" min:"1" max:"16" oneof:"ean13,ean8,upca,code128,code39,itf,qr,datamatrix,pdf417,aztec" says:"barcode: the kinds that are taken."`
	AIM       string   `json:"aim,omitempty" form:"^\\][A-Za-z][0-9A-Za-z]$" like:"]E0" says:"barcode: the AIM identifier that the text must begin with, where the scanner sends one."`
}

type memberDef struct {
	From    string   `json:"from,omitempty" form:"^[a-z][a-z0-9_]{0,15}$" like:"r1" says:"The step whose data holds the number; left out where one step reads."`
	TLV     string   `json:"tlv,omitempty" form:"^([0-9A-F]{2}){1,3}$" like:"5F20" says:"Tag of the BER-TLV object that holds it, at any depth."`
	Offset  int      `json:"offset,omitempty" min:"0" max:"4096" says:"First byte of the number there; 0."`
	Length  int      `json:"length,omitempty" min:"1" max:"4096" says:"Its bytes; left out: to the end."`
	Decode  string   `json:"decode" oneof:"ascii,bcd,bcd-swapped,hex,uint-be,uint-le,utf8,digits-of-hex" says:"How the bytes are read. Text of the till is ascii or utf8."`
	Trim    string   `json:"trim,omitempty" form:"^[ -~]{1,8}$" like:"F" says:"Characters to take off both ends."`
	Pattern string   `json:"pattern,omitempty" form:"^[ -~]{1,200}$" like:"^97[0-9]{10,14}$" says:"RE2 expression for the whole text; a group in it, if there is one, is the number."`
	Check   string   `json:"check,omitempty" oneof:"luhn,ean,mod97,iso7064-11-10,none" says:"Check digit or digits at the end of the number; none."`
	Prefix  string   `json:"prefix,omitempty" form:"^[A-Z][A-Z0-9]{0,7}-$" like:"OC-" says:"Put before the number, so that it is nobody else's. Without one a number is 8 to 19 digits, as the chain's own."`
	Allowed []string `json:"allow_prefixes,omitempty" max:"16" form:"^[0-9]{6,10}$" like:"603412" says:"First digits of numbers that look like a payment card's and are none."`
}

type trustDef struct {
	Level      string `json:"level,omitempty" oneof:"keyed,number" says:"keyed: the card has checked a PIN; number: anybody may hold the number. number."`
	Earn       *bool  `json:"earn,omitempty" says:"Always true: a card that earns nothing needs no profile."`
	Redeem     string `json:"redeem,omitempty" oneof:"never,online" says:"online: what the programme lets members without a purse redeem, while head office is in reach. never."`
	OfflineCap int    `json:"offline_cap,omitempty" min:"0" max:"1000000" says:"Points a member may redeem so in one store on one business day while head office is not in reach; 0."`
}

type privacyDef struct {
	Store   string `json:"store,omitempty" oneof:"hmac" says:"Numbers are kept as a keyed hash."`
	MaskLog *bool  `json:"mask_log,omitempty" says:"Always true: logs show no more than the last characters."`
}
