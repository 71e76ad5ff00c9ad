// Whether parscale and the JavaScript client of the hub (@huggingface/hub) share one cache: what either fetched, the other finds.
// Usage, in this folder, after building src/ParScale.Cli: npm install, then node check.mjs. The hub is a server of this script on loopback.
import { downloadFileToCacheDir, scanCacheDir, snapshotDownload } from "@huggingface/hub";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const tool = process.env.PARSCALE ?? join(root, "src", "ParScale.Cli", "bin", "Release", "net10.0", "parscale");
const source = join(root, "models", "shakespeare");
const repo = "acme/shakespeare";
const commit = "0123456789abcdef0123456789abcdef01234567";
const names = readdirSync(source).sort();
const isLarge = (name) => name.endsWith(".safetensors");
const hash = (kind, ...parts) => parts.reduce((sum, part) => sum.update(part), createHash(kind)).digest("hex");
const files = Object.fromEntries(names.map((name) => {
  const content = readFileSync(join(source, name));
  return [name, { content, oid: isLarge(name) ? hash("sha256", content) : hash("sha1", `blob ${content.length}\0`, content) }];
}));

let requests = [];
const server = createServer((request, response) => {
  requests.push(`${request.method} ${request.url}`);
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => answer(request, response, body));
});

function answer(request, response, body) {
  const path = decodeURIComponent(new URL(request.url, "http://x").pathname);
  const json = (value) => response.setHeader("Content-Type", "application/json").end(JSON.stringify(value));
  const known = (path) => ({ type: "file", path, size: files[path].content.length, oid: files[path].oid, lastCommit: { id: commit, title: "", date: "2026-01-01" },
    ...(isLarge(path) && { lfs: { oid: files[path].oid, size: files[path].content.length, pointerSize: 130 } }) });
  if (path.startsWith(`/api/models/${repo}/paths-info/`)) return json(JSON.parse(body).paths.map(known));
  if (path.startsWith(`/api/models/${repo}/tree/`)) return json(names.map(known));
  if (path.startsWith(`/api/models/${repo}`)) {
    const siblings = names.map((name) => ({ rfilename: name, size: files[name].content.length, blobId: files[name].oid,
      ...(isLarge(name) && { lfs: { sha256: files[name].oid, size: files[name].content.length } }) }));
    return json({ _id: "1", id: repo, modelId: repo, sha: commit, private: false, gated: false, downloads: 0, likes: 0, lastModified: "2026-01-01", siblings });
  }
  const name = path.split("/").slice(5).join("/");
  if (!path.startsWith(`/${repo}/resolve/`) || !files[name]) return response.writeHead(404, { "X-Error-Code": "EntryNotFound" }).end();
  const { content, oid } = files[name];
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const part = content.subarray(+(from ?? 0), to ? +to + 1 : undefined);
  const headers = { ETag: `"${oid}"`, "X-Repo-Commit": commit, "Accept-Ranges": "bytes", "Content-Length": part.length,
    ...(from && { "Content-Range": `bytes ${from}-${+from + part.length - 1}/${content.length}` }) };
  response.writeHead(from ? 206 : 200, headers).end(request.method === "HEAD" ? undefined : part);
}

await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const hubUrl = `http://127.0.0.1:${server.address().port}`;
const work = mkdtempSync(join(tmpdir(), "hub-cache-"));
console.debug = console.info = () => {};

async function parscale(cache, variables, ...args) {
  const env = { ...process.env, HF_ENDPOINT: hubUrl, HF_HUB_CACHE: cache, HF_HUB_OFFLINE: "", TRANSFORMERS_OFFLINE: "", ...variables };
  return (await promisify(execFile)(tool, [...args, "-m", repo], { env })).stdout;
}

const prompt = ["generate", "-q", "-p", "ROMEO:", "-n", "8", "--temp", "0"];
const offline = { HF_HUB_OFFLINE: "1" };

// 1. The whole snapshot fetched by the JavaScript client: a hit, without a request.
const theirs = join(work, "theirs");
await snapshotDownload({ repo, hubUrl, cacheDir: theirs });
requests = [];
const text = await parscale(theirs, offline, ...prompt);
assert.deepEqual(requests, []);
assert.ok(text.length > 0);
console.log(`filled by @huggingface/hub, read by parscale offline: ok ("${text.trim().slice(0, 20)}...")`);

// 2. One file fetched by it: parscale fetches the others and not that one.
const mixed = join(work, "mixed");
await downloadFileToCacheDir({ repo, path: "model.safetensors", revision: commit, hubUrl, cacheDir: mixed });
requests = [];
assert.equal(await parscale(mixed, {}, ...prompt), text);
assert.ok(!requests.some((request) => request.includes("model.safetensors")), requests.join("\n"));
console.log("weights by @huggingface/hub, the rest by parscale: ok");

// 3. Fetched by parscale: the JavaScript client reads it without a request, and its scan finds nothing odd.
const ours = join(work, "ours");
assert.equal(await parscale(ours, {}, ...prompt), text);
const fetched = names.filter((name) => name !== "README.md");
requests = [];
for (const name of fetched) {
  const path = await downloadFileToCacheDir({ repo, path: name, revision: commit, hubUrl, cacheDir: ours });
  assert.deepEqual(readFileSync(path), files[name].content);
}
assert.deepEqual(requests, []);
const scan = await scanCacheDir(ours);
assert.deepEqual(scan.warnings, []);
assert.equal(scan.repos.length, 1);
assert.deepEqual(scan.repos[0].id, { name: repo, type: "model" });
assert.deepEqual(scan.repos[0].revisions.map((revision) => [revision.commitOid, revision.refs, revision.files.length]), [[commit, ["main"], fetched.length]]);
console.log("filled by parscale, read and scanned by @huggingface/hub: ok");

// 4. The two caches are the same, link by link, where both fetched.
const snapshot = (cache, name) => join(cache, "models--acme--shakespeare", "snapshots", commit, name);
for (const name of fetched) {
  assert.ok(lstatSync(snapshot(ours, name)).isSymbolicLink());
  assert.equal(readlinkSync(snapshot(ours, name)), readlinkSync(snapshot(theirs, name)));
}
assert.equal(readFileSync(join(ours, "models--acme--shakespeare", "refs", "main"), "utf8"), commit);
console.log("same links, same refs: ok");

server.close();
rmSync(work, { recursive: true });
