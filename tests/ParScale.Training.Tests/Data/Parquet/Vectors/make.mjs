// Makes the tables of this folder, each with the rows that it must read back as (NAME.jsonl), by three other writers of Parquet:
//   npm install apache-arrow@21.2.0 parquet-wasm@0.8.0 hyparquet-writer@0.17.0 @dsnp/parquetjs@1.8.8
//   node make.mjs COUNT FOLDER
// The folder's own files are those of COUNT 40. Node 20.
import { createRequire } from 'node:module'
import { gzipSync, brotliCompressSync } from 'node:zlib'
import { writeFileSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
const require = createRequire(resolve('package.json'))
const arrow = require('apache-arrow')
const wasm = require('parquet-wasm')
const parquetjs = require('@dsnp/parquetjs')
const { parquetWriteBuffer } = await import(require.resolve('hyparquet-writer'))

const [count, folder] = [Number(process.argv[2] ?? 40), process.argv[3] ?? '.']
mkdirSync(folder, { recursive: true })

// mulberry32
let state = 1
const random = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const below = n => Math.floor(random() * n)
const pick = list => list[below(list.length)]

// Types: what rows of chats and pairs are made of, nulls at every place.
const text = { kind: 'text' }, flag = { kind: 'flag' }, whole = { kind: 'whole' }, number = { kind: 'number' }, nothing = { kind: 'nothing' }
const list = of => ({ kind: 'list', of })
const struct = fields => ({ kind: 'struct', fields })
const message = () => struct({ role: text, content: text, ...(random() < 0.5 ? { weight: pick([whole, number]) } : {}), ...(random() < 0.3 ? { train: flag } : {}) })
const schemas = [
  () => ({ text }),
  () => ({ prompt: text, completion: text, text }),
  () => ({ messages: list(message()), tools: list(text) }),
  () => ({ prompt: list(message()), completion: list(message()) }),
  () => ({ messages: list(struct({ content: list(struct({ type: text, text })), role: text })), text }),
  () => ({ text, weight: number, tools: list(list(whole)) }),
  () => ({ messages: nothing, text, prompt: nothing }),
  () => ({ text, functions: struct({ name: text, inner: struct({ n: whole, tags: list(text) }) }) }),
]
const words = ['a', '', 'the king', 'é "quoted" \n', '日本', 'assistant', 'user', 'x'.repeat(40)]
function value(type, nulls) {
  if (random() < nulls) return null
  switch (type.kind) {
    case 'text': return random() < 0.3 ? `the king of ${below(1000)}` : pick(words)
    case 'nothing': return null
    case 'flag': return random() < 0.5
    case 'whole': return below(2000000) - 1000000
    case 'number': return (below(4000) - 2000) / 8
    case 'list': return Array.from({ length: pick([0, 1, 2, 3]) }, () => value(type.of, nulls))
    default: return Object.fromEntries(Object.entries(type.fields).map(([name, field]) => [name, value(field, nulls)]))
  }
}

// Apache Arrow for Rust, compiled to WebAssembly.
function arrowType(type) {
  switch (type.kind) {
    case 'text': return new arrow.Utf8()
    case 'nothing': return new arrow.Null()
    case 'flag': return new arrow.Bool()
    case 'whole': return new arrow.Int32()
    case 'number': return new arrow.Float64()
    case 'list': return new arrow.List(new arrow.Field('element', arrowType(type.of), true))
    default: return new arrow.Struct(Object.entries(type.fields).map(([name, field]) => new arrow.Field(name, arrowType(field), true)))
  }
}
function writeWasm(schema, rows) {
  const columns = Object.fromEntries(Object.entries(schema).map(([name, type]) => [name, arrow.vectorFromArray(rows.map(row => row[name]), arrowType(type))]))
  const table = wasm.Table.fromIPCStream(arrow.tableToIPC(new arrow.Table(columns), 'stream'))
  const { UNCOMPRESSED, SNAPPY, GZIP, BROTLI, LZ4, ZSTD, LZ4_RAW } = wasm.Compression
  let builder = new wasm.WriterPropertiesBuilder()
    .setWriterVersion(pick([wasm.WriterVersion.V1, wasm.WriterVersion.V2]))
    .setCompression(pick([UNCOMPRESSED, SNAPPY, GZIP, BROTLI, LZ4, ZSTD, LZ4_RAW]))
    .setDictionaryEnabled(random() < 0.5)
    .setMaxRowGroupSize(pick([3, 7, 1000]))
    .setDataPageSizeLimit(pick([16, 64, 1 << 20]))
    .setWriteBatchSize(pick([2, 5, 1024]))
    .setStatisticsEnabled(pick([wasm.EnabledStatistics.None, wasm.EnabledStatistics.Page]))
  for (const [name, type] of Object.entries(schema))
    if (type.kind === 'text' && random() < 0.7) builder = builder.setColumnEncoding(name, pick([wasm.Encoding.DELTA_BYTE_ARRAY, wasm.Encoding.DELTA_LENGTH_BYTE_ARRAY, wasm.Encoding.PLAIN]))
    else if (type.kind === 'number') builder = builder.setColumnEncoding(name, wasm.Encoding.BYTE_STREAM_SPLIT)
  return wasm.writeParquet(table, builder.build())
}

// hyparquet-writer: pages of the second version.
function elements(name, type, parent = 'OPTIONAL') {
  switch (type.kind) {
    case 'text': return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: parent }]
    case 'flag': return [{ name, type: 'BOOLEAN', repetition_type: parent }]
    case 'whole': return [{ name, type: 'INT32', repetition_type: parent }]
    case 'number': return [{ name, type: 'DOUBLE', repetition_type: parent }]
    case 'list':
      // As today's writers, Arrow before 2.0 and Hive name the levels of a list.
      const [around, within] = pick([['list', 'element'], ['list', 'item'], ['bag', 'array_element']])
      return [{ name, converted_type: 'LIST', repetition_type: parent, num_children: 1 }, { name: around, repetition_type: 'REPEATED', num_children: 1 }, ...elements(within, type.of)]
    default: return [{ name, repetition_type: parent, num_children: Object.keys(type.fields).length }, ...Object.entries(type.fields).flatMap(([n, field]) => elements(n, field))]
  }
}
function writeHyparquet(schema, rows) {
  const encodings = { text: ['PLAIN', 'DELTA_BYTE_ARRAY', 'DELTA_LENGTH_BYTE_ARRAY'], whole: ['PLAIN', 'DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'], number: ['PLAIN', 'BYTE_STREAM_SPLIT'] }
  const codec = pick(['SNAPPY', 'UNCOMPRESSED', 'GZIP', 'BROTLI'])
  return new Uint8Array(parquetWriteBuffer({
    columnData: Object.entries(schema).map(([name, type]) => ({ name, data: rows.map(row => row[name]), ...(encodings[type.kind] && random() < 0.7 ? { encoding: pick(encodings[type.kind]) } : {}) })),
    schema: [{ name: 'root', num_children: Object.keys(schema).length }, ...Object.entries(schema).flatMap(([name, type]) => elements(name, type))],
    codec, compressors: { GZIP: bytes => gzipSync(bytes), BROTLI: bytes => brotliCompressSync(bytes) },
    rowGroupSize: pick([4, 1000]), pageSize: pick([20, 1 << 20]), statistics: random() < 0.5,
  }))
}

// parquetjs: repeated fields without the wrapping of a list; it knows no null elements, and of an absent list it makes an empty one.
const plain = (type, v) => v == null ? undefined : type.kind === 'list' ? v.map(x => plain(type.of, x) ?? plain(type.of, blank(type.of)))
  : type.kind === 'struct' ? Object.fromEntries(Object.entries(type.fields).map(([n, f]) => [n, plain(f, v[n])]).filter(([, x]) => x !== undefined)) : v
const blank = type => ({ text: '', flag: false, whole: 0, number: 0, list: [], struct: {} })[type.kind]
const expected = (type, v) => type.kind === 'list' ? (v ?? []).map(x => expected(type.of, x ?? blank(type.of)))
  : v === null || v === undefined ? null : type.kind === 'struct' ? Object.fromEntries(Object.entries(type.fields).map(([n, f]) => [n, expected(f, v[n] ?? null)])) : v
async function writeParquetjs(schema, rows, path) {
  const compression = pick(['UNCOMPRESSED', 'GZIP', 'SNAPPY'])
  const field = type => type.kind === 'list' ? { ...field(type.of), optional: false, repeated: true }
    : type.kind === 'struct' ? { optional: true, fields: Object.fromEntries(Object.entries(type.fields).map(([n, f]) => [n, field(f)])) }
      : { optional: true, compression, type: { text: 'UTF8', flag: 'BOOLEAN', whole: 'INT32', number: 'DOUBLE' }[type.kind] }
  const writer = await parquetjs.ParquetWriter.openFile(new parquetjs.ParquetSchema(Object.fromEntries(Object.entries(schema).map(([n, t]) => [n, field(t)]))), path, { rowGroupSize: pick([4, 1000]), useDataPageV2: random() < 0.5 })
  for (const row of rows) await writer.appendRow(plain(struct(schema), row))
  await writer.close()
  return rows.map(row => expected(struct(schema), row))
}
const nested = type => type.kind === 'list' ? type.of.kind === 'list' || nested(type.of) : type.kind === 'struct' && Object.values(type.fields).some(nested)

for (let i = 0; i < count; i++) {
  state = 1000 + i
  const schema = schemas[i % schemas.length]()
  let rows = Array.from({ length: 1 + below(12) }, () => Object.fromEntries(Object.entries(schema).map(([name, type]) => [name, value(type, pick([0, 0.2, 0.5]))])))
  const kind = ['wasm', 'hyparquet', 'wasm', 'parquetjs'][below(4)]
  // Only Arrow has columns of the type null; of lists in lists parquetjs makes something else.
  const only = Object.values(schema).includes(nothing) || (kind === 'parquetjs' && Object.values(schema).some(nested))
  const writer = only ? 'wasm' : kind
  const name = join(folder, `${String(i).padStart(4, '0')}-${writer}`)
  if (writer === 'parquetjs') rows = await writeParquetjs(schema, rows, `${name}.parquet`)
  else writeFileSync(`${name}.parquet`, writer === 'wasm' ? writeWasm(schema, rows) : writeHyparquet(schema, rows))
  writeFileSync(`${name}.jsonl`, rows.map(row => JSON.stringify(row) + '\n').join(''))
}
