// Makes tests/Fixtures/tokenizers: a vocabulary trained on our own text, and what the reference engine (Hugging Face tokenizers) does with it.
// Usage, in this folder: npm install, then node make.mjs. Needs the .NET SDK for parscale-train. With --keep the vocabularies that are
// there stay, and only the vectors are made again.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import tokenizers from "tokenizers";
import { trainCharacters } from "./characters.mjs";
import { hashes, recipe } from "./hostile.mjs";
import { characterPipelines, pipelines } from "./pipelines.mjs";
import { brokenTexts, texts } from "./texts.mjs";

const keep = process.argv.includes("--keep");
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const target = join(root, "tests", "Fixtures", "tokenizers");
const vocabularySize = 3257; // 256 bytes, 3000 merges, one end of text

function trained() {
  const files = [join(here, "languages.txt"), join(here, "languages.txt")];
  for (const name of ["README.md", "CONTRIBUTING.md"]) files.push(join(root, name));
  for (const entry of readdirSync(join(root, "docs"), { recursive: true }).sort()) if (entry.endsWith(".md")) files.push(join(root, "docs", entry));
  const folder = mkdtempSync(join(tmpdir(), "vocabulary-"));
  writeFileSync(join(folder, "text.txt"), files.map((file) => readFileSync(file, "utf8")).join("\n"));
  const train = ["run", "--project", join(root, "src", "ParScale.Training"), "-c", "Release", "--", "tokenizer"];
  execFileSync("dotnet", [...train, "--data", join(folder, "text.txt"), "--vocab", `${vocabularySize}`, "-o", folder], { stdio: "inherit" });
  const definition = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8"));
  rmSync(folder, { recursive: true });
  return definition;
}

function withAddedTokens(definition) {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  const added = [
    ["<|im_start|>", { special: true }], ["<|im_end|>", { special: true }], ["<left>", { lstrip: true }], ["<right>", { rstrip: true }],
    ["<both>", { lstrip: true, rstrip: true }], ["<word>", { single_word: true }], ["<tool>", {}], ["<norm \u00e9>", { normalized: true }], ["<x>", {}], ["<xy>", {}],
  ];
  for (const [content, flags] of added) definition.added_tokens.push({ id: vocabularySize + definition.added_tokens.length - 1, content, ...plain, ...flags });
  return definition;
}

/** Ids of every text, and the text of the ids where that is not the text itself. */
async function vectors(engine, inputs, addSpecial) {
  const result = [];
  for (const input of inputs) {
    const text = typeof input === "string" ? input : String.fromCharCode(...input);
    const ids = (await engine.encode(text, null, { addSpecialTokens: addSpecial })).getIds();
    const decoded = await engine.decode(ids, false);
    const vector = typeof input === "string" ? { text } : { units: input };
    result.push({ ...vector, ids, ...(decoded === text ? {} : { decoded }) });
  }
  return result;
}

/** Text of random ids: mostly broken UTF-8, with added tokens in between. */
async function decodings(engine, limit, count) {
  let state = 99;
  const next = (below) => (state = (state * 1103515245 + 12345) % 2147483648) % below;
  const result = [];
  for (let i = 0; i < count; i++) {
    const ids = Array.from({ length: 2 + next(9) }, () => (next(1000) < 650 ? Math.floor(next(1 << 20) / 7) % 256 : Math.floor(next(1 << 20) / 7) % limit));
    result.push({ ids, text: await engine.decode(ids, false), plain: await engine.decode(ids, true) });
  }
  return result;
}

const lines = readFileSync(join(here, "languages.txt"), "utf8").split("\n");
const oneALine = (list) => `[\n${list.map((entry) => JSON.stringify(entry)).join(",\n")}\n]`;

mkdirSync(target, { recursive: true });
const read = (...path) => JSON.parse(readFileSync(join(target, ...path, "tokenizer.json"), "utf8"));
const definition = keep ? read() : withAddedTokens(trained());
writeFileSync(join(target, "tokenizer.json"), JSON.stringify(definition) + "\n");
// The engine numbers added tokens anew when some are left out, so the control tokens get names that occur in no text.
const renamed = definition.added_tokens.map((token) => (token.special ? { ...token, content: `\u{f8f0}${token.id}` } : token));
const withoutControl = { ...definition, added_tokens: renamed };
const engine = tokenizers.Tokenizer.fromString(JSON.stringify(definition));
const ordinary = tokenizers.Tokenizer.fromString(JSON.stringify(withoutControl));
const controlTexts = texts(lines).filter((text) => text.includes("<|"));
writeFileSync(
  join(target, "vectors.json"),
  `{"encode": ${oneALine(await vectors(engine, [...texts(lines), ...brokenTexts], false))},\n` +
    `"ordinary": ${oneALine(await vectors(ordinary, controlTexts, false))},\n` +
    `"decode": ${oneALine(await decodings(engine, vocabularySize + 10, 80))}}\n`,
);

// The same texts through the pipelines of other models. Only texts that differ from each other under them are kept, so that the file
// stays small.
function changed(base, { name, special, ignore_merges, byte_fallback, fuse_unk, without = [], ...parts }) {
  const model = { ...base.model };
  // The engine numbers added tokens anew when ids are left out, so tokens are renamed.
  if (without.length > 0) model.vocab = Object.fromEntries(Object.entries(model.vocab).map(([token, id]) => [without.includes(token) ? `\uf8ff${token}` : token, id]));
  for (const [key, value] of Object.entries({ ignore_merges, byte_fallback, fuse_unk })) if (value !== undefined) model[key] = value;
  return { ...base, ...parts, model };
}

async function pipelineVectors(base, list, inputs, limit, hostile) {
  const result = [];
  const seen = [];
  for (const pipeline of list) {
    const { name, special = false, ...parts } = pipeline;
    const engine = tokenizers.Tokenizer.fromString(JSON.stringify(changed(base, pipeline)));
    const found = await vectors(engine, inputs, special);

    // Ids that an earlier pipeline gave the same text are written as the number of that pipeline.
    const ids = found.map((vector, i) => {
      const first = seen.findIndex((earlier) => `${earlier[i]}` === `${vector.ids}`);
      return first < 0 ? vector.ids : first;
    });
    seen.push(found.map((vector) => vector.ids));
    hostile[name] = await hashes(engine);
    const ofDecoder = parts.decoder ? { decoded: found.map((v) => v.decoded ?? null), decode: await decodings(engine, limit, 12) } : {};
    result.push({ name, special, parts, ids, ...ofDecoder });
  }
  return result;
}

const every = (step, list) => list.filter((text, i) => i % step === 0 && text.length < 90);
const short = every(5, texts(lines));
const named = Object.fromEntries(definition.added_tokens.map((token) => [token.content, token.id]));
const sets = [["pipelines.json", definition, pipelines(named), vocabularySize + 10]];

const characters = keep ? read("characters") : trainCharacters(readFileSync(join(here, "languages.txt"), "utf8") + readFileSync(join(root, "README.md"), "utf8"), 700, 3);
mkdirSync(join(target, "characters"), { recursive: true });
writeFileSync(join(target, "characters", "tokenizer.json"), JSON.stringify(characters) + "\n");
sets.push([join("characters", "pipelines.json"), characters, characterPipelines, Object.keys(characters.model.vocab).length]);
const hostile = {};
for (const [file, base, list, limit] of sets) {
  const hashesOf = (hostile[dirname(file) === "." ? "" : dirname(file)] = {});
  const found = await pipelineVectors(base, list, short, limit, hashesOf);
  writeFileSync(join(target, file), `{"texts": ${oneALine(short)},\n"pipelines": ${oneALine(found)}}\n`);
}
const hashed = Object.entries(hostile).map(([folder, of]) => `"${folder}": {\n${Object.entries(of).map(([name, list]) => `"${name}": ${JSON.stringify(list)}`).join(",\n")}\n}`);
writeFileSync(join(target, "hostile.json"), `${JSON.stringify(recipe).slice(0, -1)},\n"hashes": {\n${hashed.join(",\n")}\n}}\n`);
