package printersim

import "golang.org/x/text/encoding/charmap"

// noCharacter is what a byte without a meaning in the selected page prints as.
const noCharacter = '�'

// upperHalf is what the bytes 0x80 to 0xFF mean in one code page.
type upperHalf [128]rune

// cp775 is the Baltic page of DOS. The text library has neither it nor the next ones.
const cp775 = "ĆüéāäģåćłēŖŗīŹÄÅÉæÆōöĢ¢ŚśÖÜø£Ø×¤ĀĪóŻżź”¦©®¬½¼Ł«»░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐└┴┬├─┼ŲŪ╚╔╩╦╠═╬Ž" +
	"ąčęėįšųūž┘┌█▄▌▐▀ÓßŌŃõÕµńĶķĻļņĒŅ’\u00ad±“¾¶§÷„°∙·¹³²■\u00a0"

// cp857 is the Turkish page of DOS with the euro sign that printers put in its free place D5.
const cp857 = "ÇüéâäàåçêëèïîıÄÅÉæÆôöòûùİÖÜø£ØŞşáíóúñÑĞğ¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐" +
	"└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ºªÊËÈ€ÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµ\ufffd×ÚÛÙìÿ¯´\u00ad±\ufffd¾¶§÷¸°¨·¹³²■\u00a0"

// katakana is page 1 of Japanese makers; hosts take its lines for rules. The font has no Japanese.
const katakana = "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉┼┴┬┤├▔─│▕┌┐└┘╭╮╰╯\u00a0｡｢｣､･ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿ" +
	"ﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ═╞╪╡◢◣◥◤♠♥♦♣●○╱╲╳円年月日時分秒〒市区町村人▒\u00a0"

// pageOfLetters is a page written out.
func pageOfLetters(letters string) upperHalf {
	var t upperHalf
	i := 0
	for _, r := range letters {
		t[i] = r
		i++
	}
	return t
}

func pageOf(c *charmap.Charmap) upperHalf {
	var t upperHalf
	for i := range t {
		t[i] = c.DecodeByte(byte(0x80 + i))
	}
	return t
}

// pageByName gives the pages that the simulator can print. A slot without a page prints noCharacter.
func pageByName(name string) (upperHalf, bool) {
	switch name {
	case "cp775":
		return pageOfLetters(cp775), true
	case "katakana":
		return pageOfLetters(katakana), true
	case "cp857":
		return pageOfLetters(cp857), true
	}
	maps := map[string]*charmap.Charmap{
		"cp437": charmap.CodePage437, "cp850": charmap.CodePage850, "cp852": charmap.CodePage852,
		"cp855": charmap.CodePage855, "cp858": charmap.CodePage858, "cp860": charmap.CodePage860,
		"cp862": charmap.CodePage862, "cp863": charmap.CodePage863, "cp865": charmap.CodePage865,
		"cp866": charmap.CodePage866, "iso8859-2": charmap.ISO8859_2, "iso8859-7": charmap.ISO8859_7,
		"iso8859-15": charmap.ISO8859_15, "cp1250": charmap.Windows1250, "cp1251": charmap.Windows1251,
		"cp1252": charmap.Windows1252, "cp1253": charmap.Windows1253, "cp1254": charmap.Windows1254,
		"cp1255": charmap.Windows1255, "cp1256": charmap.Windows1256, "cp1257": charmap.Windows1257,
		"cp1258": charmap.Windows1258,
	}
	c, ok := maps[name]
	if !ok {
		return upperHalf{}, false
	}
	return pageOf(c), true
}

// nationalASCII are the characters that ESC R puts in place of # $ @ [ \ ] ^ ` { | } ~, one row per country.
func nationalASCII(country byte) string {
	rows := []string{
		"#$@[\\]^`{|}~", // USA
		"#$à°ç§^`éùè¨",  // France
		"#$§ÄÖÜ^`äöüß",  // Germany
		"£$@[\\]^`{|}~", // UK
		"#$@ÆØÅ^`æøå~",  // Denmark I
		"#¤ÉÄÖÅÜéäöåü",  // Sweden
		"#$@°\\é^ùàòèì", // Italy
		"₧$@¡Ñ¿^`¨ñ}~",  // Spain I
		"#$@[¥]^`{|}~",  // Japan
		"#¤ÉÆØÅÜéæøåü",  // Norway
		"#$ÉÆØÅÜéæøåü",  // Denmark II
		"#$á¡Ñ¿é`íñóú",  // Spain II
		"#$á¡Ñ¿éüíñóú",  // Latin America
		"#$@[₩]^`{|}~",  // Korea
		"#$ŽĐŠČ^`žđšč",  // Slovenia and Croatia
		"#¥@[\\]^`{|}~", // China
	}
	if int(country) >= len(rows) {
		return ""
	}
	return rows[country]
}
