package text

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// glyphText returns the text that a glyph name stands for, after the rules of the
// Adobe Glyph List specification: a suffix behind a dot does not count, parts are
// joined by underscores, uniXXXX and uXXXXXX are code points. Accented letters are
// not listed one by one: their names spell their parts (acircumflexdotbelow).
func glyphText(name string) string {
	if len(name) > 64 {
		return ""
	}
	if i := strings.IndexByte(name, '.'); i >= 0 {
		name = name[:i]
	}
	var out strings.Builder
	for _, part := range strings.Split(name, "_") {
		out.WriteString(componentText(part))
	}
	return out.String()
}

func componentText(name string) string {
	if s, ok := glyphNames[name]; ok {
		return s
	}
	if len(name) == 1 && isLetter(name[0]) {
		return name
	}
	if s := hexName(name); s != "" {
		return s
	}
	if rest, ok := strings.CutSuffix(name, "comb"); ok {
		if mark, ok := accents[rest]; ok {
			return string(mark)
		}
	}
	return accented(name)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// hexName reads uniXXXX… and uXXXX to uXXXXXX.
func hexName(name string) string {
	if hex, ok := strings.CutPrefix(name, "uni"); ok && len(hex) >= 4 && len(hex)%4 == 0 {
		var out strings.Builder
		for ; hex != ""; hex = hex[4:] {
			v, err := strconv.ParseUint(hex[:4], 16, 32)
			if err != nil || !utf8.ValidRune(rune(v)) {
				return ""
			}
			out.WriteRune(rune(v))
		}
		return out.String()
	}
	if hex, ok := strings.CutPrefix(name, "u"); ok && len(hex) >= 4 && len(hex) <= 6 {
		if v, err := strconv.ParseUint(hex, 16, 32); err == nil && utf8.ValidRune(rune(v)) {
			return string(rune(v))
		}
	}
	return ""
}

// accented reads a base letter followed by the names of its accents.
func accented(name string) string {
	for _, base := range []string{"ae", "AE", "oslash", "Oslash", "dotlessi"} {
		if rest, ok := strings.CutPrefix(name, base); ok {
			if s := withAccents(glyphNames[base], rest); s != "" {
				return s
			}
		}
	}
	if name != "" && isLetter(name[0]) {
		return withAccents(name[:1], name[1:])
	}
	return ""
}

func withAccents(base, rest string) string {
	out := base
	for rest != "" {
		best := ""
		for accent := range accents {
			if len(accent) > len(best) && strings.HasPrefix(rest, accent) {
				best = accent
			}
		}
		if best == "" {
			return ""
		}
		mark := accents[best]
		if best == "commaaccent" && strings.EqualFold(base, "s") {
			mark = '\u0326' // the only letter whose commaaccent Unicode composes with a comma
		}
		out += string(mark)
		rest = rest[len(best):]
	}
	return norm.NFC.String(out)
}

// accents maps the accent names of the glyph list to combining marks.
var accents = map[string]rune{
	"grave": '\u0300', "acute": '\u0301', "circumflex": '\u0302', "tilde": '\u0303',
	"macron": '\u0304', "breve": '\u0306', "dotaccent": '\u0307', "dieresis": '\u0308',
	"hookabove": '\u0309', "ring": '\u030A', "hungarumlaut": '\u030B', "caron": '\u030C',
	"horn": '\u031B', "dotbelow": '\u0323', "cedilla": '\u0327', "commaaccent": '\u0327',
	"ogonek": '\u0328',
}

// glyphNames holds the names that cannot be spelled from parts.
var glyphNames = map[string]string{
	"space": " ", "nbspace": "\u00A0", "exclam": "!", "quotedbl": "\"", "numbersign": "#",
	"dollar": "$", "percent": "%", "ampersand": "&", "quotesingle": "'", "parenleft": "(",
	"parenright": ")", "asterisk": "*", "plus": "+", "comma": ",", "hyphen": "-",
	"sfthyphen": "\u00AD", "softhyphen": "\u00AD", "period": ".", "slash": "/",
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
	"six": "6", "seven": "7", "eight": "8", "nine": "9", "colon": ":", "semicolon": ";",
	"less": "<", "equal": "=", "greater": ">", "question": "?", "at": "@",
	"bracketleft": "[", "backslash": "\\", "bracketright": "]", "asciicircum": "^",
	"underscore": "_", "grave": "`", "braceleft": "{", "bar": "|", "braceright": "}",
	"asciitilde": "~", "exclamdown": "¡", "cent": "¢", "sterling": "£", "currency": "¤",
	"yen": "¥", "brokenbar": "¦", "section": "§", "dieresis": "¨", "copyright": "©",
	"ordfeminine": "ª", "guillemotleft": "«", "logicalnot": "¬", "registered": "®",
	"macron": "¯", "overscore": "¯", "degree": "°", "plusminus": "±", "twosuperior": "²",
	"threesuperior": "³", "acute": "´", "mu": "µ", "paragraph": "¶", "periodcentered": "·",
	"middot": "·", "cedilla": "¸", "onesuperior": "¹", "ordmasculine": "º",
	"guillemotright": "»", "onequarter": "¼", "onehalf": "½", "threequarters": "¾",
	"questiondown": "¿", "multiply": "×", "divide": "÷", "AE": "Æ", "ae": "æ",
	"Oslash": "Ø", "oslash": "ø", "Thorn": "Þ", "thorn": "þ", "germandbls": "ß",
	"Eth": "Ð", "eth": "ð", "Dcroat": "Đ", "Dslash": "Đ", "dcroat": "đ", "dmacron": "đ",
	"Hbar": "Ħ", "hbar": "ħ", "dotlessi": "ı", "dotlessj": "ȷ", "Lslash": "Ł",
	"lslash": "ł", "OE": "Œ", "oe": "œ", "Tbar": "Ŧ", "tbar": "ŧ", "longs": "ſ",
	"florin": "ƒ", "circumflex": "ˆ", "caron": "ˇ", "breve": "˘", "dotaccent": "˙",
	"ring": "˚", "ogonek": "˛", "tilde": "˜", "hungarumlaut": "˝", "dong": "₫",
	"Euro": "€", "franc": "₣", "lira": "₤", "peseta": "₧",
	"figuredash": "‒", "endash": "–", "emdash": "—", "horizontalbar": "―",
	"quoteleft": "‘", "quoteright": "’", "quotesinglbase": "‚", "quotereversed": "‛",
	"quotedblleft": "“", "quotedblright": "”", "quotedblbase": "„", "dagger": "†",
	"daggerdbl": "‡", "bullet": "•", "onedotenleader": "․", "twodotenleader": "‥",
	"ellipsis": "…", "perthousand": "‰", "minute": "′", "second": "″",
	"guilsinglleft": "‹", "guilsinglright": "›", "exclamdbl": "‼", "fraction": "⁄",
	"trademark": "™", "estimated": "℮", "ff": "ff", "fi": "fi", "fl": "fl", "ffi": "ffi",
	"ffl": "ffl", "arrowleft": "←", "arrowup": "↑", "arrowright": "→", "arrowdown": "↓",
	"partialdiff": "∂", "product": "∏", "summation": "∑", "minus": "−", "radical": "√",
	"infinity": "∞", "integral": "∫", "approxequal": "≈", "notequal": "≠",
	"lessequal": "≤", "greaterequal": "≥", "lozenge": "◊", "filledbox": "■", "H22073": "□",
	"H18533": "■", "checkbox": "☐", "Alpha": "Α", "Beta": "Β", "Gamma": "Γ", "Delta": "Δ",
	"Epsilon": "Ε", "Zeta": "Ζ", "Eta": "Η", "Theta": "Θ", "Iota": "Ι", "Kappa": "Κ",
	"Lambda": "Λ", "Mu": "Μ", "Nu": "Ν", "Xi": "Ξ", "Omicron": "Ο", "Pi": "Π", "Rho": "Ρ",
	"Sigma": "Σ", "Tau": "Τ", "Upsilon": "Υ", "Phi": "Φ", "Chi": "Χ", "Psi": "Ψ",
	"Omega": "Ω", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε",
	"zeta": "ζ", "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ",
	"nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "rho": "ρ", "sigma1": "ς",
	"sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ",
	"omega": "ω", "hookabove": "\u0309", "dotbelow": "\u0323",
}
