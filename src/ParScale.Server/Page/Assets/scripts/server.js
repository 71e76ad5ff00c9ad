// What the page asks of its server, and of no other.
import { apiKey } from './preferences.js';

/** An answer of the server that is an error: one line, and what it was about. */
export class ServerError extends Error {
  constructor(message, { status = 0, code = null } = {}) {
    super(sentence(message));
    this.status = status;
    this.code = code;
  }
}

/** The entries of /v1/models. */
export const models = async () => (await ask('GET', '/v1/models')).data;

/** Whether the server takes requests, and how many run and wait. */
export async function health() {
  const answer = await fetch('/health', { signal: AbortSignal.timeout(5000) });
  return answer.status === 503 ? { status: 'loading' } : answer.json();
}

/** The token ids of a text, as /v1/completions would read it. */
export const tokenize = async (model, prompt, signal) =>
  (await ask('POST', '/tokenize', { model, prompt, parse_special: false }, signal)).tokens;

/** Posts a request and yields the values of its event stream. */
export async function* stream(path, body, signal) {
  const answer = await send('POST', path, body, signal);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new ServerError('The server ended the answer early.');
      rest += value;
      const events = rest.split('\n\n');
      rest = events.pop();
      for (const event of events) {
        const data = event.split('\n').filter(line => line.startsWith('data:')).map(line => line.slice(5).trimStart()).join('\n');
        if (data === '[DONE]') return;
        if (data === '') continue;
        const json = JSON.parse(data);
        if (json.error) throw new ServerError(json.error.message, json.error);
        yield json;
      }
    }
  } finally {
    reader.cancel().catch(() => { });
  }
}

async function ask(method, path, body, signal) {
  return (await send(method, path, body, signal)).json();
}

async function send(method, path, body, signal) {
  const headers = {};
  if (body) headers['Content-Type'] = 'application/json';
  if (apiKey()) headers.Authorization = `Bearer ${apiKey()}`;
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body) });
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    throw new ServerError('The server cannot be reached. Is it still running?');
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  throw new ServerError(told?.error?.message ?? `The server answered ${answer.status}.`, { status: answer.status, code: told?.error?.code });
}

function sentence(text) {
  const line = String(text).trim();
  return line.charAt(0).toUpperCase() + line.slice(1) + (/[.!?]$/.test(line) ? '' : '.');
}
