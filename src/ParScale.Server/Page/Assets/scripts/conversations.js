// Conversations, kept in the browser. One is { id, title, kind, changed, turns }; a turn is { input, answers }; an answer is
// { model, streams, label, text, segments, figures, error }; a segment is a text and the tokens that made it.

const Prefix = 'parscale.conversation.';
const all = new Map();

/** Reads what the browser has; again when another tab changed it. */
export function load() {
  all.clear();
  try {
    for (let i = 0; i < localStorage.length; i++) {
      const place = localStorage.key(i);
      if (!place.startsWith(Prefix)) continue;
      try {
        const one = JSON.parse(localStorage.getItem(place));
        if (one?.id && Array.isArray(one.turns)) all.set(one.id, one);
      } catch {
        // Not ours to delete, and not ours to show.
      }
    }
  } catch {
    // No storage: conversations last as long as the page.
  }
}

/** All of them, the latest first. */
export const list = () => [...all.values()].sort((a, b) => b.changed - a.changed);

export const find = id => all.get(id) ?? null;

export const begin = kind => ({ id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, title: '', kind, changed: Date.now(), turns: [] });

/** Keeps one. @returns whether the browser had room for it. */
export function save(conversation) {
  conversation.changed = Date.now();
  conversation.title ||= firstLine(conversation);
  all.set(conversation.id, conversation);
  return store(conversation) || makeRoom(conversation);
}

export function rename(conversation, title) {
  conversation.title = title;
  store(conversation);
}

export function remove(conversation) {
  all.delete(conversation.id);
  try {
    localStorage.removeItem(Prefix + conversation.id);
  } catch {
    // It was never kept.
  }
}

/** Whether a change of the browser's storage is one of a conversation. */
export const concerns = place => place === null || place.startsWith(Prefix);

/** The turns before `count` as one variant sees them: its own answers, and others' where it has none. */
export const historyOf = (conversation, model, count = conversation.turns.length) =>
  conversation.turns.slice(0, count).map(turn => ({ input: turn.input, answer: answerOf(turn, model) }));

export const answerOf = (turn, model) => turn.answers.find(answer => answer.model === model) ?? turn.answers[0] ?? null;

/** A conversation as a readable text. */
export function asText(conversation) {
  const variants = [...new Set(conversation.turns.flatMap(turn => turn.answers.map(answer => answer.model)))];
  if (conversation.kind === 'text') {
    return variants.map(model => (variants.length > 1 ? `## ${model}\n\n` : '')
      + historyOf(conversation, model).map(turn => turn.input + (turn.answer?.text ?? '')).join('')).join('\n\n');
  }
  return conversation.turns.map(turn => `**You**\n\n${turn.input}\n\n`
    + turn.answers.map(answer => `**${answer.model}**\n\n${answer.text}`).join('\n\n')).join('\n\n') + '\n';
}

function firstLine(conversation) {
  const text = conversation.turns[0]?.input.trim() ?? '';
  const line = text.split('\n')[0];
  return line.length > 48 ? `${line.slice(0, 47)}…` : line || 'Untitled';
}

function store(conversation) {
  try {
    localStorage.setItem(Prefix + conversation.id, JSON.stringify(conversation));
    return true;
  } catch {
    return false;
  }
}

// The details of tokens take most of the room. The oldest conversations give theirs up first; their texts stay.
function makeRoom(wanted) {
  for (const one of list().reverse()) {
    if (!one.turns.some(turn => turn.answers.some(answer => answer.segments))) continue;
    for (const turn of one.turns) for (const answer of turn.answers) delete answer.segments;
    store(one);
    if (store(wanted)) return true;
  }
  return false;
}
