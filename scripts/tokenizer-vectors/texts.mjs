// The texts whose ids the reference engine gives. Every character that an editor could spoil is written as an escape.

const languages = (lines) => lines.filter((line) => line.length > 20);

const edges = [
  "", " ", "  ", "   ", "\t", "\n", "\r", "\r\n", "\n\n\n", " \n", "\n ", " \r\n \r\n", "\t\t x", "x \t", "a  b", "a   b    c", " leading",
  "trailing ", "  two  two  ", "\u00a0", "\u00a0\u00a0x", "x\u2003y", "\u2028\u2029", "\u3000x\u3000", "\u0085x", "\u1680a", "\u200bzero\u200bwidth",
  "\u200d", "\ufeffbom", "a\u00adb", "\u180ea", "\u2060", "line one\nline two\n\nline four\n", "   \n   \n\tx", "x\n    y\n        z",
];

const contractions = [
  "it's I'm you're we've they'll he'd don't", "IT'S I'M YOU'RE WE'VE THEY'LL HE'D DON'T", "'s 't 're 've 'm 'll 'd", "''s '''t", "it\u2019s don\u2019t",
  "'S 'T 'RE 'rE 'Ve 'lL", "x'\u017fy '\u017f", "'\u212a k'\u212a", "o'clock rock'n'roll 'tis", "'l 'r 'v 'le 'ra", " 's a 't", "y'all'd've", "'\u00e9", "'1 '!",
];

const numbers = [
  "0 1 12 123 1234 12345 123456 1234567", "1,234,567.89", "3.14159e-10", "0x1F 0b1010 1_000_000", "1st 2nd 3rd 4th", "v2.0.1-rc3", "2024-11-29T12:30:00Z",
  "\u0661\u0662\u0663\u0664 \u06f1\u06f2 \u0967\u0968\u0969 \uff11\uff12\uff13", "\u00bd\u00bc\u00be \u2160\u2163 \u2460\u2461 \u00b2\u00b3\u00b9", "x\u00b2+y\u00b2", "\u4e00\u4e8c\u4e09", "\u{1d7ce}\u{1d7cf}\u{1d7d0}\u{1d7d1}",
  "12\u0663\u09674", "1a2b3c", "  42  ", "99%", "$5 \u20ac6 \u00a37", "1\u0301 2\u20e3",
];

const signs = [
  "!!!", "???!!!...", "(a) [b] {c} <d>", "a+b=c;", "->=>::!=", "#$%^&*()", "\"quoted\" 'single' `back`", "\u201ccurly\u201d \u2018single\u2019 \u00abguillemets\u00bb", "\u2014\u2013\u2212-\u2010",
  "\u2026 ... \u3002\u3001\uff0c\uff01", "a/b\\c|d", "path/to/file.txt", "C:\\dir\\file", "user@example.org", "a_b __init__ _x", "!a ?b .c", " !a  ?b", "!\n\n!", ";\r\n;", "/*\n//\n*/",
  "\u20ac\u00a5\u20bf", "\u2200x\u2208\u211d: x\u2264y", "\u00a9\u00ae\u2122\u00b0\u00b1", "\u2580\u2581\u2582 \u2581x\u2581", "\u2192\u2190\u21d2", "\ufffd", "\ufffc", "\uff0e\uff0f\uff1a",
];

const marks = [
  "e\u0301", "\u00e9", "e\u0301\u0301\u0301", "\u0301", " \u0301a", "a\u0323\u0307 a\u0307\u0323", "\u1e69 s\u0323\u0307 \u1e9b\u0323", "\u0041\u030a \u00c5 \u212b", "n\u0303o\u0308", "\u0915\u093c \u0958", "\u0938\u094d\u0924\u094d\u0930\u0940",
  "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd", "\u0627\u0644\u0633\u0651\u064e\u0644\u0627\u0645\u064f", "\u0e19\u0e49\u0e33\u0e43\u0e08", "\u1100\u1161\u11a8 \uac01 \u1100\uac00", "\u3046\u3099 \u3094 \u304b\u3099", "\u0344 \u0340 \u0343 \u2126", "a\u20dd\u20e3", "\u0f73\u0f75",
  "\u01c4\u01c5\u01c6 \ufb01\ufb03 \ufb05", "\u017fet \u1e9e\u00df", "\u0130\u0131iI", "\u03a3\u03c3\u03c2", "\u01f1\u01f2", "\ufe0f\u200d", "x\u0338=\u0338", "Z\u0351\u036b\u0343a\u0338\u0334l\u0321\u0489go",
];

const astral = [
  "\u{1f642}", "\u{1f680}\u{1f680}", "a\u{1f642}b", " \u{1f642} ", "\u{1f44d}\u{1f3fd}", "\u{1f469}\u200d\u{1f4bb}", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}", "\u{1f1e9}\u{1f1ea}\u{1f1ef}\u{1f1f5}", "\u2764\ufe0f\u200d\u{1f525}", "\u{1f3f4}\u200d\u2620\ufe0f",
  "1\ufe0f\u20e3#\ufe0f\u20e3", "\u{1d400}\u{1d401}\u{1d41a}", "\u{20000}\u{2a6d6}\u{30000}", "\u{10400}\u{10428}", "\u{1e900}\u{1e922}", "\u{1f18a}\u{1f150}", "\u{13000}\u{12000}", "\u{1d165}\u{1d158}", "\u{e0001}\u{e0067}", "\u{10ffff}\u{f0000}\ue000", "\u{1f595}\u{1f3ff}\n\u{1f600}!",
  "\u{11000}\u{110ba}", "\u{16fe0}", "\u{1b000}\u{1f200}", "x\u{e0100}", "\u845b\u{e0100}",
];

const controls = [
  "\u0000", "a\u0000b", "\u0001\u0002\u001f", "\u007f", "\u0080\u009f", "\u001b[31mred\u001b[0m", "\u0008\u000b\u000c", "\ufffe\uffff", "\u202eright\u202c", "\u200e\u200f", "\u0007bell", "\ufdd0\u{1fffe}", "\u2066x\u2069",
];

const code = [
  "def f(x):\n    return x**2  # done\n", "for (int i = 0; i < n; i++) { sum += a[i]; }", "if (x == null || y != 3) return;", "SELECT * FROM t WHERE a >= 1;", "<a href=\"x\">y</a><br/>\n", "{\"k\": [1, 2.5e3, null, true], \"s\": \"\\n\"}",
  "\tif x:\n\t\ty()\n", "#include <stdio.h>\nint main(void) { return 0; }\n", "camelCase snake_case SCREAMING_CASE kebab-case PascalCase", "HTTPServer XMLHttpRequest iPhone eBay McDonald", "a?.b ?? c", "x => y -> z |> w", "$HOME/${x} `ls -la`", "https://example.org/path?q=1&r=2#top",
  "\\frac{a}{b} \\alpha_1^2", "- item\n  - item\n* item\n1. item\n", "| a | b |\n|---|---|\n", "```cs\nvar x = 1;\n```\n", "# Title\n\nText with **bold** and _it_.\n", "\r\n\r\nWindows\r\n\tlines\r\n",
];

const mixed = [
  "Hello, world!", "Hello,world", "The quick brown fox jumps over the lazy dog.", "To be, or not to be: that is the question.", "abc\u4e2d\u6587abc\u65e5\u672c\u8a9e123", "na\u00efve fa\u00e7ade \u00e0 la carte", "\u041f\u0440\u0438\u0432\u0435\u0442,\u043c\u0438\u0440!", "\u4f60\u597d\uff0c\u4e16\u754c\u3002", "\ud55c\uad6d\uc5b4 \ud14d\uc2a4\ud2b8",
  "\u0645\u0631\u062d\u0628\u0627 \u0661\u0662\u0663 hello", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "the the the the", "THE The tHe", "supercalifragilisticexpialidocious", "pneumonoultramicroscopicsilicovolcanoconiosis", "antidisestablishmentarianism", "\u00e6\u00f8\u00e5 \u00c6\u00d8\u00c5",
  "\u0160\u0110\u017d \u0111em ma\u010dka \u0120 \u0121", "\u0120\u0120 \u010a \u0100", "\u00c3\u00a9 \u00e2\u0080\u0099", "\uff28\uff45\uff4c\uff4c\uff4f \uff76\uff9e\uff77\uff9f", "\u2460\u00aa\u00ba\u2122\u210e \u33a5", "word\u2581word", "\u02bcn \u0149", "ch\u00f3 \u1ebf \u1eaf", "x".repeat(60) + " " + "xy".repeat(40),
  " ".repeat(100) + "x", "\n".repeat(40), "ab ".repeat(30), "-".repeat(80), "\u0301".repeat(20), "\u{1f642}".repeat(12), "1".repeat(50), "=-".repeat(25), "\t".repeat(17) + "x", "a\u0301".repeat(15),
];

const added = [
  "<|endoftext|>", "<|im_start|>user\nHi<|im_end|>\n", "x<|endoftext|>y", " <|endoftext|> ", "<|endoftext|><|endoftext|>", "<|endoftext", "<|<|endoftext|>|>", "<|ENDOFTEXT|>", "<|end\u200boftext|>", "<left> a <left>b  <left>", "a <right> b<right>\n\n c", "a  <both>  b<both>c",
  "<word> a<word> <word>b -<word>- _<word> \u{1d400}<word>", "word <word>", "<tool> cafe\u0301 <tool>", "caf\u00e9<norm \u00e9> x<norm e\u0301>y", "<norm \u00e9>", "<x><xy><xyz>", "<xy", "<x>>", "<left><right><both>", "\n<left>\n", "<right>", " <both> ", "  <both>", "<word><word>", "1<word>", "\u0301<word>", "<word>\u0301",
  "\u00e9<word>\u00e9", "<|im_start|>system\n\n<|im_end|>\n<|im_start|>assistant\n", "a<|im_end|> b", "\u3000<left>\u3000<right>\u3000", "\u00a0<both>\u00a0",
];

/** Code units, for strings with lone surrogates, which JSON readers refuse. */
export const brokenTexts = [[0xd800], [0x61, 0xdc00, 0x62], [0xd83d, 0xd83d, 0xde80], [0xdc00, 0xd800], [0x20, 0xdbff, 0x20], [0xd800, 0xd800, 0xd800, 0x65, 0x301]];

/** Sequences of pieces put together by a fixed generator: hard neighbours that nobody would think of. */
function scrambled(count) {
  const pieces = [" ", "  ", "\n", "\r\n", "\t", "'s", "'LL", "a", "The", "\u00e9", "e\u0301", "\u0301", "\u4e2d", "\u3042", "\ud55c", "\u0645", "\u0915\u093f", "\u0e01\u0e33", "1", "23", "\u0663", "\u00bd", "!", "/", "...", "_", "\u2019", "\u{1f642}", "\u{1d400}", "\u{1f3fd}", "\u200d", "\u00a0", "\u3000", "\u0000", "<|endoftext|>", "<left>", "<both>", "<word>", "\u01c5", "\u02b0", "\u2581", "\ufb01", "\u0661", "X", "y"];
  let state = 12345;
  const next = (limit) => (state = (state * 1103515245 + 12345) % 2147483648) % limit;
  return Array.from({ length: count }, () => Array.from({ length: 3 + next(14) }, () => pieces[Math.floor(next(100000) / 7) % pieces.length]).join(""));
}

export const texts = (lines) => [
  ...edges, ...contractions, ...numbers, ...signs, ...marks, ...astral, ...controls, ...code, ...mixed, ...added, ...scrambled(60), ...languages(lines),
];
