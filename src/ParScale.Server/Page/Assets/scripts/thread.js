// The conversation: turns with their answers, or, where texts are continued, one text for each P.
import { column } from './answer.js';
import { answerOf } from './conversations.js';
import { byId, make, onceAFrame, show } from './dom.js';

const Beginnings = {
  chat: ['Explain parallel scaling in three sentences.', 'Write a haiku about memory bandwidth.', 'Which is larger, 9.9 or 9.11? Say why.'],
  text: ['ROMEO:', 'Once upon a time', 'First Citizen:\nBefore we proceed any further, hear me speak.', 'def fibonacci(n):'],
};

let live = [];

/** Shows a conversation anew. */
export function showThread(conversation, { view, family, isBusy, actions }) {
  const place = byId('thread');
  place.dataset.view = view;
  live = [];
  if (conversation.turns.length === 0) {
    place.replaceChildren(welcome(conversation.kind, family, actions));
    return;
  }
  const shown = conversation.kind === 'chat' ? conversation.turns.map(turn => chatTurn(turn, view)) : [textColumns(conversation, view)];
  const buttons = make('div', { class: 'turn-actions', hidden: isBusy },
    make('button', { type: 'button', class: 'button small', onclick: actions.again, title: 'Write the last answer again' }, 'Again'),
    make('button', { type: 'button', class: 'button small', onclick: actions.undo, title: 'Take the last turn back into the text box' }, 'Undo'));
  const at = place.scrollTop, now = `${conversation.id} ${conversation.turns.length} ${isBusy}`;
  shown.at(-1).append(buttons);
  place.replaceChildren(...shown);
  place.scrollTop = place.dataset.shown === now ? at : place.scrollHeight;
  place.dataset.shown = now;
}

/** Nothing is written any more. What is shown stays as it is, and so does the focus. */
export function endThread() {
  for (const one of live) one.update();
  show(byId('thread').querySelector('.turn-actions'), true);
}

/** Brings the answers that are being written up to date, and keeps the end in sight of those who look at it. */
export const updateThread = onceAFrame(() => {
  const place = byId('thread');
  const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 120;
  for (const one of live) one.update();
  if (atEnd) place.scrollTop = place.scrollHeight;
});

function chatTurn(turn, view) {
  return make('article', { class: 'turn' },
    make('p', { class: 'asked', dir: 'auto' }, make('span', { class: 'unseen' }, 'You: '), turn.input),
    columns(turn.answers.map(answer => [{ answer }]), 'chat', view));
}

function textColumns(conversation, view) {
  const variants = conversation.turns.at(-1).answers;
  return make('article', { class: 'turn' }, columns(variants.map(({ model }) =>
    conversation.turns.flatMap(turn => [{ input: turn.input }, { answer: answerOf(turn, model) }]).filter(part => part.answer !== null && part.input !== '')), 'text', view));
}

function columns(all, kind, view) {
  const made = all.map(parts => column(parts, { kind, view, isOneOfMany: all.length > 1 }));
  live.push(...made);
  return make('div', { class: `columns of-${all.length}` }, made.map(one => one.element));
}

function welcome(kind, family, actions) {
  if (!family) return make('div', { class: 'welcome' });
  const chats = kind === 'chat';
  const many = family.variants.length > 1;
  return make('div', { class: 'welcome' },
    make('h2', {}, chats ? 'Ask something' : 'Begin a text'),
    make('p', {}, make('strong', {}, family.name), chats ? ' answers. ' : ' continues what you write. ',
      many ? 'P streams run through the same weights, and an aggregator mixes them for every token. Choose P below, or put several side by side.'
        : 'The view Streams shows which of its parallel streams spoke for each token.'),
    make('div', { class: 'beginnings' }, Beginnings[kind].map(text =>
      make('button', { type: 'button', class: 'button chip', onclick: () => actions.suggest(text) }, text))));
}
