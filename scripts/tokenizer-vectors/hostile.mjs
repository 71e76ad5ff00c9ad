// Thousands of texts put together by a fixed generator from hard pieces and from characters of every script, and hashes of what the
// reference engine makes of them. The tests put the same texts together: tests/ParScale.Tests/Support/HostileTexts.cs.
import { createHash } from "node:crypto";

export const recipe = {
  count: 10000,
  block: 500,
  // Blocks whose characters had their categories and decompositions long before the Unicode tables of the reference engine were made.
  ranges: [
    [0x0, 0x7f], [0x20, 0x7e], [0x80, 0x24f], [0x391, 0x3a1], [0x3b1, 0x3c9], [0x400, 0x45f], [0x591, 0x5c7], [0x5d0, 0x5ea], [0x621, 0x655], [0x660, 0x669],
    [0x904, 0x94d], [0x966, 0x96f], [0xe01, 0xe3a], [0xe40, 0xe4e], [0x1100, 0x1112], [0x1161, 0x1175], [0x1e00, 0x1eff], [0x2000, 0x2064], [0x2070, 0x2071],
    [0x20a0, 0x20b5], [0x20d0, 0x20f0], [0x2100, 0x2188], [0x2190, 0x23e7], [0x2460, 0x24ff], [0x2500, 0x269c], [0x3000, 0x303f], [0x3041, 0x3096], [0x30a1, 0x30fa],
    [0x4e00, 0x9fa5], [0xac00, 0xd7a3], [0xe000, 0xe0ff], [0xf900, 0xfa2d], [0xfb00, 0xfb06], [0xfe00, 0xfe0f], [0xff01, 0xffbe], [0x10330, 0x1034a],
    [0x10400, 0x1044f], [0x1d400, 0x1d454], [0x1d7ce, 0x1d7ff], [0x1f300, 0x1f320], [0x1f601, 0x1f610], [0x1f680, 0x1f6c5], [0x20000, 0x2a6d6], [0xe0100, 0xe01ef],
  ],
  pieces: [
    " ", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\r", "\t", "\u00a0", "\u3000", "\u2028", "\u0085", "'s", "'S", "'\u017f", "'ll", "'LL", "'Re", "'ve", "'", "''", "\u2019s",
    "a", "b", "The", "the", "hello", "Hello", "HELLO", "camelCase", "HTTPServer", "McDonald", "iPhone", "X", "\u01c5", "\u02b0", "\u00e9", "e\u0301", "\u0301", "\u0323\u0307", "\u0307\u0323",
    "\u0903", "\u4e2d\u6587", "\u3042", "\ud55c", "\u1112\u1161", "\u0645\u0631", "\u0915\u093f", "\u0e01\u0e33", "\ufb01", "\u212b", "\u2126", "\uff76\uff9e", "\u0130", "\u00df", "\u017f", "\u212a",
    "1", "23", "456", "7890", "12345678", "\u0663", "\u00bd", "\u00b2", "\u2160", "\u{1d7ce}", "3.14", "1,000", "0x1F", "!", "?!", "...", "/", "//", "/\n", "!\n\n", ";\r\n", "_", "__", "-", "--", "#", "$", "^", "|", "~",
    "(x)", "[y]", "{z}", "\u2026", "\u3002", "\u201c", "\u{1f642}", "\u{1f469}\u200d\u{1f4bb}", "\u{1f3fd}", "\u{1d400}", "\u{10400}", "\u{20000}", "\u200d", "\u200b", "\ufeff", "\ufffd", "\u0000", "\ufffe", "\u001b[0m",
    "\u2581", "\u2581\u2581", "\u2581the", "\u0120", "\u0120the", "\u010a", "<0x0A>", "<0xE2>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<left>", "<right>", "<both>", "<word>", "<tool>", "<norm \u00e9>", "<norm e\u0301>",
    "<x>", "<xy>", "<x", "<s>", "</s>", "<unk>", "<|user|>", "def f(x):\n    return x", "https://example.org/a?b=1", "aaaaaaaa", "        ", "\t\t\t", "ab",
  ],
};

function generator(seed) {
  let state = (Math.imul(seed, 2654435761) | 1) >>> 0;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state % limit;
  };
}

/** Text number i: up to 24 parts; every 50th is one part over and over. */
export function hostileText(i) {
  const next = generator(i + 1);
  const part = () => {
    if (next(4) > 0) return recipe.pieces[next(recipe.pieces.length)];
    const [first, last] = recipe.ranges[next(recipe.ranges.length)];
    return String.fromCodePoint(first + next(last - first + 1));
  };
  if (i % 50 === 49) {
    const one = part();
    return one.repeat(100 + next(200));
  }
  return Array.from({ length: next(25) }, part).join("");
}

/** One hash for each block of texts: of their ids and of the text of these. */
export async function hashes(engine) {
  const result = [];
  for (let start = 0; start < recipe.count; start += recipe.block) {
    const texts = Array.from({ length: recipe.block }, (_, i) => hostileText(start + i));
    const ids = (await engine.encodeBatch(texts, { addSpecialTokens: false })).map((encoding) => encoding.getIds());
    const decoded = await engine.decodeBatch(ids, false);
    const hash = createHash("sha256");
    ids.forEach((list, i) => hash.update(`${list.join(",")}\n${decoded[i]}\n`));
    result.push(hash.digest("hex").slice(0, 16));
  }
  return result;
}
