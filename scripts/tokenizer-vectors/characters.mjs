// Trains a small vocabulary of characters, as SentencePiece's BPE has it: pairs are joined inside words that begin with U+2581.

const special = [["<unk>", 0], ["<s>", 1], ["</s>", 2]];

function countPairs(words) {
  const pairs = new Map();
  for (const [symbols, count] of words)
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]} ${symbols[i + 1]}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + count);
    }
  return pairs;
}

function join(symbols, left, right) {
  const joined = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) joined.push(left + symbols[++i]);
    else joined.push(symbols[i]);
  }
  return joined;
}

/** tokenizer.json of a vocabulary with <unk>, <s>, </s>, the 256 bytes, the frequent characters and this many merges. */
export function trainCharacters(text, mergeCount, leastCount) {
  const counts = new Map();
  for (const word of text.normalize("NFC").replace(/\r/g, "").split(/(?=[ \n])/u)) {
    const marked = word.replaceAll(" ", "\u2581");
    counts.set(marked, (counts.get(marked) ?? 0) + 1);
  }
  let words = [...counts].map(([word, count]) => [[...word], count]);
  const characters = new Map();
  for (const [symbols, count] of words) for (const symbol of symbols) characters.set(symbol, (characters.get(symbol) ?? 0) + count);
  const vocab = Object.fromEntries(special);
  for (let value = 0; value < 256; value++) vocab[`<0x${value.toString(16).toUpperCase().padStart(2, "0")}>`] = 3 + value;
  const kept = [...characters].filter(([symbol, count]) => count >= leastCount && symbol !== "\n").map(([symbol]) => symbol).sort();
  for (const symbol of kept) vocab[symbol] = Object.keys(vocab).length;
  const known = new Set(kept);
  const merges = [];
  while (merges.length < mergeCount) {
    const best = [...countPairs(words)].filter(([pair]) => pair.split(" ").every((part) => [...part].every((c) => known.has(c))));
    const [pair] = best.reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a));
    const [left, right] = pair.split(" ");
    vocab[left + right] = Object.keys(vocab).length;
    merges.push([left, right]);
    words = words.map(([symbols, count]) => [join(symbols, left, right), count]);
  }
  // Runs of spaces, as all these vocabularies have them.
  for (const [left, right] of [["\u2581", "\u2581"], ["\u2581\u2581", "\u2581\u2581"]]) {
    if (left + right in vocab) continue;
    vocab[left + right] = Object.keys(vocab).length;
    merges.push([left, right]);
  }
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const added = special.map(([content, id]) => ({ id, content, ...flags, special: true }));
  const count = Object.keys(vocab).length;
  added.push({ id: count, content: "<|user|>", ...flags, rstrip: true, special: true }, { id: count + 1, content: "<tool>", ...flags, normalized: true, special: false });
  return {
    version: "1.0", truncation: null, padding: null, added_tokens: added, normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null,
    model: { type: "BPE", dropout: null, unk_token: "<unk>", continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: true, byte_fallback: true, ignore_merges: false, vocab, merges },
  };
}
