// Has the server write an answer, and collects its text, its tokens and its figures.
import { historyOf } from './conversations.js';
import { preferences } from './preferences.js';
import { ServerError, stream, tokenize } from './server.js';

const Alternatives = 5, MostTokens = 256;
const running = new Set();

/** Whether an answer is being written. */
export const isRunning = answer => running.has(answer);

/** An answer that is empty yet. */
export const emptyAnswer = variant => ({ model: variant.id, streams: variant.streams, label: variant.label, text: '', thought: '', segments: [], figures: null, error: null });

/** A seed for a turn: the one that was set, or a new one. The answers of a turn share it. */
export const seedOf = () => preferences.seed === '' ? crypto.getRandomValues(new Uint32Array(1))[0] : Number(preferences.seed);

/** Writes one answer of the conversation's last turn; `changed` is called whenever something of it came. */
export async function write(conversation, answer, family, seed, signal, changed) {
  running.add(answer);
  const started = performance.now();
  let first = 0, thinking = 0, count = 0, pending = [];
  answer.figures = { seed };
  try {
    const [path, body] = conversation.kind === 'chat' ? chatRequest(conversation, answer) : await textRequest(conversation, answer, family, signal);
    changed();
    for await (const event of stream(path, { ...common(answer, seed), ...body }, signal)) {
      const choice = event.choices[0];
      if (event.usage) Object.assign(answer.figures, finalFigures(event));
      if (choice?.finish_reason) answer.figures.finish = choice.finish_reason;
      const tokens = choice ? tokensOf(choice) : [];
      pending.push(...tokens);
      const thought = choice?.delta?.reasoning_content ?? '', text = choice?.delta?.content ?? choice?.text ?? '';
      if (thought !== '') {
        thinking ||= performance.now();
        answer.thought += thought;
        answer.segments?.push({ t: thought, k: text === '' ? pending.splice(0) : [], r: true });
      }
      if (text !== '') {
        if (thinking) answer.figures.thoughtMs ??= performance.now() - thinking;
        answer.text += text;
        answer.segments?.push({ t: text, k: pending });
        pending = [];
      }
      if (tokens.length > 0) {
        first ||= performance.now();
        count += tokens.length;
        Object.assign(answer.figures, { tokens: count, firstMs: first - started, perSecond: count > 1 ? (count - 1) / ((performance.now() - first) / 1000) : null });
      }
      changed();
    }
  } catch (e) {
    if (e.name === 'AbortError') answer.figures.finish = 'stopped';
    else answer.error = e instanceof ServerError ? e.message : 'The connection to the server was lost.';
    if (e.status === 401) throw e;
  } finally {
    // What ended inside a character has no text of its own.
    answer.segments?.at(-1)?.k.push(...pending);
    running.delete(answer);
    changed();
  }
}

function common(answer, seed) {
  const body = { model: answer.model, stream: true, stream_options: { include_usage: true }, stream_weights: true, seed, max_tokens: Number(preferences.maxTokens) || MostTokens };
  if (preferences.temperature !== '') body.temperature = Number(preferences.temperature);
  // Only models that think take notice.
  if (preferences.answersAtOnce) body.reasoning_effort = 'none';
  if (preferences.topP !== '') body.top_p = Number(preferences.topP);
  return body;
}

function chatRequest(conversation, answer) {
  const messages = preferences.system.trim() ? [{ role: 'system', content: preferences.system }] : [];
  for (const turn of historyOf(conversation, answer.model, conversation.turns.length - 1)) {
    messages.push({ role: 'user', content: turn.input });
    if (turn.answer?.text) messages.push({ role: 'assistant', content: turn.answer.text });
  }
  messages.push({ role: 'user', content: conversation.turns.at(-1).input });
  return ['/v1/chat/completions', { messages, logprobs: true, top_logprobs: Alternatives }];
}

// A text may be longer than the model's context. Its end is then what the model reads: all that leaves room for the new tokens, and at
// least half of the context.
async function textRequest(conversation, answer, family, signal) {
  const before = historyOf(conversation, answer.model, conversation.turns.length - 1).map(turn => turn.input + (turn.answer?.text ?? ''));
  let prompt = before.join('') + conversation.turns.at(-1).input;
  let most = Number(preferences.maxTokens) || MostTokens;
  const context = family.context;
  if (new TextEncoder().encode(prompt).length + most > context) {
    const ids = await tokenize(answer.model, prompt, signal);
    const room = Math.max(context - most, context >> 1);
    if (ids.length > room) {
      answer.figures.read = [room, ids.length];
      prompt = ids.slice(-room);
    }
    most = Math.min(most, context - Math.min(ids.length, room));
  }
  return ['/v1/completions', { prompt, parse_special: false, max_tokens: most, logprobs: Alternatives }];
}

// Tokens as they are kept: text, probability, the likeliest ones with theirs, weights of the streams.
function tokensOf(choice) {
  const weights = choice.stream_weights?.map(one => one?.map(weight => Number(weight.toFixed(5))));
  const known = choice.delta
    ? (choice.logprobs?.content ?? []).map(token => ({ s: token.token, logprob: token.logprob, top: token.top_logprobs.map(one => [one.token, one.logprob]) }))
    : (choice.logprobs?.tokens ?? []).map((token, i) => ({ s: token, logprob: choice.logprobs.token_logprobs[i], top: Object.entries(choice.logprobs.top_logprobs[i] ?? {}) }));
  return known.map(({ s, logprob, top }, i) => ({
    s, p: probability(logprob), a: top.sort((a, b) => b[1] - a[1]).slice(0, Alternatives).map(([text, one]) => [text, probability(one)]), w: weights?.[i],
  }));
}

const probability = logprob => Number(Math.exp(logprob).toPrecision(3));

function finalFigures({ usage, timings }) {
  const figures = { tokens: usage.completion_tokens };
  if (timings?.predicted_per_second > 0) figures.perSecond = timings.predicted_per_second;
  return figures;
}
