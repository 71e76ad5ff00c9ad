// How the tokenizer files of well-known models differ from each other, apart from their vocabularies: the parts of tokenizer.json
// around it. Facts from the public files; the vocabulary they are tried on is our own.

const byteLevel = (add_prefix_space = false, use_regex = false) => ({ type: "ByteLevel", add_prefix_space, trim_offsets: true, use_regex });
const split = (Regex, behavior = "Isolated", invert = false) => ({ type: "Split", pattern: { Regex }, behavior, invert });
const literal = (String, behavior, invert = false) => ({ type: "Split", pattern: { String }, behavior, invert });
const sequence = (...pretokenizers) => ({ type: "Sequence", pretokenizers });
const token = (id) => ({ SpecialToken: { id, type_id: 0 } });
const text = { Sequence: { id: "A", type_id: 0 } };
const template = (single, names) => ({
  type: "TemplateProcessing", single, pair: [], special_tokens: Object.fromEntries(names.map(([id, ...ids]) => [id, { id, ids, tokens: ids.map(() => id) }])),
});

const upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
const before = "[^\\r\\n\\p{L}\\p{N}]?";
const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const spaces = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

export const patterns = {
  llama3: `${contraction}|${before}\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${spaces}`,
  tekken: `${before}${upper}*${lower}+|${before}${upper}+${lower}*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${spaces}`,
  gpt4o: `${before}${upper}*${lower}+${contraction}?|${before}${upper}+${lower}*${contraction}?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${spaces}`,
  gpt4: "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
  qwen35: `${contraction}|${before}[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|${spaces}`,
  glm4: `(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|${before}\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${spaces}`,
  deepseek3: "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  bloom: " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+",
  lookahead: `${before}((?=[\\p{L}])([^a-z]))*((?=[\\p{L}])([^A-Z]))+|\\p{N}{2,3}|x{2}|[^\\s\\p{L}\\p{N}]+?(?=[\\r\\n ])|${spaces}`,
};

/** Changes to tokenizer.json, by name; `special` asks for the tokens of the post-processor. */
export const pipelines = (ids) => [
  { name: "gpt2", normalizer: null, pre_tokenizer: byteLevel(false, true) },
  { name: "gpt2-prefix", normalizer: null, pre_tokenizer: byteLevel(true, true) },
  { name: "no-split", pre_tokenizer: byteLevel(false, false) },
  { name: "llama3", normalizer: null, pre_tokenizer: sequence(split(patterns.llama3), byteLevel()), ignore_merges: true, special: true,
    post_processor: { type: "Sequence", processors: [byteLevel(), template([token("<|im_start|>"), text], [["<|im_start|>", ids["<|im_start|>"]]])] } },
  { name: "begin-and-end", special: true,
    post_processor: template([token("<|im_start|>"), text, token("<|im_end|>"), token("<|endoftext|>")],
      [["<|im_start|>", ids["<|im_start|>"]], ["<|im_end|>", ids["<|im_end|>"]], ["<|endoftext|>", ids["<|endoftext|>"]]]) },
  { name: "smollm", normalizer: null, pre_tokenizer: sequence({ type: "Digits", individual_digits: true }, byteLevel(false, true)) },
  { name: "digits-together", pre_tokenizer: sequence({ type: "Digits", individual_digits: false }, byteLevel(false, true)) },
  { name: "prefix-after-split", pre_tokenizer: sequence({ type: "Digits", individual_digits: false }, byteLevel(true, true)) },
  { name: "tekken", normalizer: null, pre_tokenizer: sequence(split(patterns.tekken), byteLevel()), ignore_merges: true },
  { name: "gpt4o", normalizer: null, pre_tokenizer: sequence(split(patterns.gpt4o), byteLevel()) },
  { name: "gpt4", normalizer: null, pre_tokenizer: sequence(split(patterns.gpt4, "Removed", true), byteLevel()) },
  { name: "qwen35", pre_tokenizer: sequence(split(patterns.qwen35), byteLevel()) },
  { name: "glm4", normalizer: null, pre_tokenizer: sequence(split(patterns.glm4), byteLevel()) },
  { name: "deepseek3", normalizer: { type: "Sequence", normalizers: [] },
    pre_tokenizer: sequence(split("\\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"), split(patterns.deepseek3), byteLevel()) },
  { name: "bloom", normalizer: null, pre_tokenizer: sequence(split(patterns.bloom), byteLevel()) },
  { name: "lookahead", pre_tokenizer: sequence(split(patterns.lookahead), byteLevel()) },
  { name: "nfkc", normalizer: { type: "NFKC" } },
  { name: "nfd-nfkd", normalizer: { type: "Sequence", normalizers: [{ type: "NFD" }, { type: "NFKD" }] } },
  { name: "removed", pre_tokenizer: sequence(split("\\s+", "Removed"), byteLevel(false, true)) },
  { name: "removed-inverted", pre_tokenizer: sequence(split("\\p{L}+", "Removed", true), byteLevel()) },
  { name: "merged-with-previous", pre_tokenizer: sequence(literal(" ", "MergedWithPrevious"), byteLevel()) },
  { name: "merged-with-next", pre_tokenizer: sequence(split("[\\s\\p{P}]", "MergedWithNext"), byteLevel()) },
  { name: "merged-with-next-inverted", pre_tokenizer: sequence(split("[\\s\\p{P}]", "MergedWithNext", true), byteLevel()) },
  { name: "contiguous", pre_tokenizer: sequence(split("[^\\p{L}]", "Contiguous"), byteLevel(true)) },
  { name: "falcon3", normalizer: null,
    pre_tokenizer: sequence({ type: "Punctuation", behavior: "Contiguous" }, byteLevel(false, true), { type: "Digits", individual_digits: false }, split("[0-9][0-9][0-9]")) },
  { name: "split-after-bytes", ignore_merges: true, pre_tokenizer: sequence(byteLevel(true, false), split("[\u0120\u010a]+|\u00c3", "MergedWithNext"), { type: "Punctuation" }) },
  { name: "deepseek-coder", normalizer: null,
    pre_tokenizer: sequence(split("[\r\n]"), split("\\s?\\p{L}+"), split("\\s?\\p{P}+"), split("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"), { type: "Digits", individual_digits: true }, byteLevel()) },
  { name: "phi4", normalizer: null, pre_tokenizer: sequence(split(patterns.llama3, "Removed", true), byteLevel()) },
  { name: "punctuation", normalizer: null, pre_tokenizer: sequence({ type: "Punctuation" }, byteLevel(false, true)) },
  { name: "punctuation-removed", normalizer: null, pre_tokenizer: sequence({ type: "Punctuation", behavior: "Removed" }, byteLevel()) },
  { name: "neox", normalizer: { type: "NFC" }, pre_tokenizer: byteLevel(false, true), post_processor: byteLevel(true, true) },
  { name: "strip", normalizer: { type: "Sequence", normalizers: [{ type: "Replace", pattern: { Regex: "\\s+" }, content: " " }, { type: "Strip", strip_left: true, strip_right: true }] } },
  { name: "strip-left", normalizer: { type: "Sequence", normalizers: [{ type: "Strip", strip_left: true, strip_right: false }, { type: "Replace", pattern: { Regex: "(?i:the)|[0-9]{2}" }, content: "" }] } },
  { name: "replace", normalizer: { type: "Sequence", normalizers: [{ type: "Replace", pattern: { String: "e" }, content: "\u00e9x" }, { type: "NFD" }, { type: "Prepend", prepend: "> " }] } },
];

const metaspace = (prepend_scheme, splits) => ({ type: "Metaspace", replacement: "\u2581", prepend_scheme, split: splits });
const prepend = { type: "Prepend", prepend: "\u2581" };
const replace = { type: "Replace", pattern: { String: " " }, content: "\u2581" };
const back = { type: "Replace", pattern: { String: "\u2581" }, content: " " };
const fallback = [{ type: "ByteFallback" }, { type: "Fuse" }];
const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
const bos = template([token("<s>"), text], [["<s>", 1]]);

/** The same for vocabularies of characters, as SentencePiece makes them. */
export const characterPipelines = [
  { name: "llama2", normalizer: { type: "Sequence", normalizers: [prepend, replace] }, pre_tokenizer: null, special: true, post_processor: bos,
    decoder: { type: "Sequence", decoders: [back, ...fallback, strip] } },
  { name: "llama2-new", normalizer: null, pre_tokenizer: metaspace("first", false), special: true, post_processor: bos,
    decoder: { type: "Sequence", decoders: [back, ...fallback, strip] } },
  { name: "gemma", normalizer: replace, pre_tokenizer: literal(" ", "MergedWithPrevious"), special: true, post_processor: bos,
    decoder: { type: "Sequence", decoders: [back, ...fallback] } },
  { name: "phi3", normalizer: { type: "Sequence", normalizers: [prepend, replace] }, pre_tokenizer: null, post_processor: template([text], []),
    decoder: { type: "Sequence", decoders: [back, ...fallback, strip] } },
  { name: "yi", normalizer: { type: "Sequence", normalizers: [replace] }, pre_tokenizer: null, decoder: { type: "Sequence", decoders: [back, ...fallback] } },
  { name: "spaces-once", normalizer: { type: "Sequence", normalizers: [{ type: "Strip", strip_left: true, strip_right: true }, { type: "Replace", pattern: { Regex: " {2,}" }, content: " " }] },
    pre_tokenizer: metaspace("first", true), decoder: { type: "Sequence", decoders: [back, ...fallback, strip] } },
  { name: "dropped-begin", normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Replace", pattern: { Regex: "th?" }, content: "d" }, { type: "Replace", pattern: { String: "\u0301" }, content: "" }] },
    pre_tokenizer: sequence(split("\\s+", "Removed"), metaspace("first", true)), decoder: { type: "Sequence", decoders: [back, ...fallback] } },
  { name: "metaspace-always", normalizer: null, pre_tokenizer: metaspace("always", true), decoder: metaspace("always", true) },
  { name: "metaspace-never", normalizer: { type: "NFKC" }, pre_tokenizer: metaspace("never", true), decoder: { type: "Sequence", decoders: [metaspace("never", true), ...fallback] } },
  { name: "metaspace-old", normalizer: null, pre_tokenizer: { type: "Metaspace", replacement: "\u2581", add_prefix_space: true }, decoder: { type: "Metaspace", replacement: "\u2581", add_prefix_space: true } },
  { name: "unknown", byte_fallback: false, fuse_unk: false, normalizer: { type: "Sequence", normalizers: [prepend, replace] }, pre_tokenizer: null, decoder: { type: "Sequence", decoders: [back, { type: "Fuse" }, { ...strip, start: 3 }] } },
  { name: "missing-bytes", without: ["<0xE2>", "<0xF0>", "<0xC3>"], fuse_unk: true, normalizer: replace, pre_tokenizer: null, decoder: { type: "Sequence", decoders: [back, ...fallback] } },
  { name: "missing-bytes-apart", without: ["<0xE2>", "<0xF0>", "<0xC3>"], fuse_unk: false, normalizer: null, pre_tokenizer: metaspace("always", true), decoder: { type: "Sequence", decoders: [back, ...fallback] } },
  { name: "unknown-fused", byte_fallback: false, fuse_unk: true, normalizer: null, pre_tokenizer: sequence({ type: "Digits", individual_digits: true }, metaspace("first", true)), decoder: { type: "Sequence", decoders: [back, { type: "Fuse" }] } },
  { name: "whole-words", ignore_merges: true, normalizer: null, pre_tokenizer: metaspace("always", true), decoder: { type: "Sequence", decoders: [metaspace("always", true), ...fallback] } },
];
