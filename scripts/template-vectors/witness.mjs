// Renders the vectors with a second reference, @huggingface/jinja, and prints where it disagrees with Python's Jinja.
// Usage, in this folder: npm install, then node witness.mjs [--all].
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Template } from "@huggingface/jinja";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "tests", "Fixtures", "chat");
const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const lines = (name) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
const specialTokens = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", pad_token: "<pad>" };
const now = new Date(2031, 1, 3, 14, 5, 9);

// The package reads the clock itself.
globalThis.Date = class extends Date {
  constructor(...given) {
    super(...(given.length ? given : [now.getTime()]));
  }
};

/** The text, or null where the reference fails. */
function render(source, { messages, tools = null, documents = null, variables = {} }, prompt) {
  try {
    const given = { messages, tools, documents, add_generation_prompt: prompt, ...specialTokens, ...variables };
    return new Template(source).render(given);
  } catch {
    return null;
  }
}

const conversations = read("conversations.json");
const catalogues = read("tools.json");
const counts = new Map();
const disagreements = [];
function compare(kind, name, expected, found) {
  const count = counts.get(kind) ?? { same: 0, fails: 0, forgives: 0, differ: 0 };
  counts.set(kind, count);
  if ((expected.text ?? null) === found) return void count.same++;
  if (found === null) return void count.fails++;
  if (expected.text === undefined) return void count.forgives++;
  count.differ++;
  disagreements.push(`${name}: Python ${JSON.stringify(expected.text)}, here ${JSON.stringify(found)}`);
}

for (const { template, conversation, closed, open } of lines("vectors.jsonl")) {
  if (!closed) continue; // texts to be continued are cut by Transformers, not by the template
  const source = readFileSync(join(folder, "templates", `${template}.jinja`), "utf8");
  const chat = conversations[conversation];
  const given = { ...chat, tools: typeof chat.tools === "string" ? catalogues[chat.tools] : chat.tools };
  compare("templates", `${template} ${conversation}`, closed, render(source, given, false));
  const wanted = "adds" in open ? { text: closed.text + open.adds } : open;
  compare("templates", `${template} ${conversation} with prompt`, wanted, render(source, given, true));
}
const [context, ...snippets] = lines("snippets.jsonl");
for (const { source, ...expected } of snippets) compare("snippets", source, expected, render(source, context, true));
for (const [kind, { same, fails, forgives, differ }] of counts)
  console.log(`${kind}: ${same} agree, ${fails} fail here alone, ${forgives} fail in Python alone, ${differ} have another text`);
if (process.argv.includes("--all")) console.log(disagreements.join("\n"));
