package escpos

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// transliterationNote heads a document of which lines were written in other letters.
const transliterationNote = "* SOME LINES IN LATIN LETTERS *"

// transliterated is the document with every line that the printer's pages do not hold
// written in plain Latin letters, which read from the left, and a note on top.
func transliterated(d *Document, p *Profile) *Document {
	pages := append(p.Pages.usable(), ascii)
	plain := func(text string, dir Direction) bool {
		for _, page := range pages {
			s := span{text: text, dir: directionOf(dir, d.direction())}
			if letters, ok := printable(s.text, s.dir); ok && page.holds(norm.NFC.String(letters)) {
				return true
			}
		}
		return false
	}
	out := &Document{Lang: d.Lang, Dir: d.Dir}
	out.Lines = append(out.Lines, Line{Kind: KindText, Text: transliterationNote, Align: Center, Dir: LTR})
	for _, line := range d.Lines {
		if line.Kind == KindText && !plain(line.Text, line.Dir) {
			line.Text, line.Dir = latin(line.Text), LTR
		}
		if line.Kind == KindColumns {
			columns := make([]Column, len(line.Columns))
			for i, c := range line.Columns {
				if !plain(c.Text, c.Dir) {
					c.Text, c.Dir = latin(c.Text), LTR
				}
				columns[i] = c
			}
			line.Columns = columns
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// latin writes text in ASCII as far as there is a usual way; other characters stay,
// and are refused.
func latin(text string) string {
	var out strings.Builder
	letters := latinLetters()
	text = strings.NewReplacer("ու", "u", "Ու", "U", "ՈՒ", "U").Replace(norm.NFC.String(text)) // two letters, one sound
	for _, c := range norm.NFD.String(text) {
		switch plain, ok := letters[unicode.ToLower(c)]; {
		case unicode.Is(unicode.Mn, c), unicode.Is(unicode.Cf, c):
		case blank(c):
			out.WriteByte(' ')
		case !ok:
			out.WriteRune(c)
		case unicode.IsUpper(c) && plain != "":
			out.WriteString(strings.ToUpper(plain[:1]) + plain[1:])
		default:
			out.WriteString(plain)
		}
	}
	return out.String()
}

// latinLetters is what small letters, digits and signs are written as: Latin letters
// without their marks, Cyrillic and Armenian as in passports, Persian by consonants.
func latinLetters() map[rune]string {
	table := make(map[rune]string)
	for pair := range strings.FieldsSeq(
		"ł=l đ=d ø=o ß=ss æ=ae œ=oe ı=i “=\" ”=\" „=\" «=\" »=\" ’=' ‘=' –=- —=- −=- …=... ×=x €=EUR ·=. •=* №=No" +
			" а=a б=b в=v г=g д=d е=e ж=zh з=z и=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya" +
			" ա=a բ=b գ=g դ=d ե=e զ=z է=e ը=y թ=t ժ=zh ի=i լ=l խ=kh ծ=ts կ=k հ=h ձ=dz ղ=gh ճ=ch մ=m յ=y ն=n շ=sh ո=o չ=ch պ=p ջ=j ռ=r ս=s վ=v տ=t ր=r ց=ts ւ=v փ=p ք=k և=ev օ=o ֆ=f ՝=, ։=: ՛= ՞=? ՜=! ֊=- ֏=AMD" +
			" ا=a آ=a ب=b پ=p ت=t ث=s ج=j چ=ch ح=h خ=kh د=d ذ=z ر=r ز=z ژ=zh س=s ش=sh ص=s ض=z ط=t ظ=z ع=' غ=gh ف=f ق=q ک=k ك=k گ=g ل=l م=m ن=n و=v ه=h ی=y ي=y ئ=' ء=' ة=h ؤ=v أ=a إ=e" +
			" ،=, ؛=; ؟=? ٪=% ٬=, ٫=. ـ=") {
		letter, plain, _ := strings.Cut(pair, "=")
		table[[]rune(letter)[0]] = plain
	}
	for n := range rune(10) {
		table['۰'+n], table['٠'+n] = string('0'+n), string('0'+n)
	}
	return table
}
