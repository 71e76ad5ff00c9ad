// The list of conversations, and the drawer that it is on a narrow screen.
import * as conversations from './conversations.js';
import { ask } from './dialogs.js';
import { byId, download, make } from './dom.js';

/** Shows the list; the current one comes with what can be done to it. */
export function showConversations(current, actions) {
  byId('conversations').replaceChildren(...conversations.list().map(one => make('li', { class: one.id === current.id ? 'current' : null },
    make('button', { type: 'button', class: 'conversation', 'aria-current': one.id === current.id ? 'true' : null, onclick: () => actions.open(one) }, one.title),
    one.id === current.id && make('div', { class: 'conversation-actions' },
      small('Rename', `Rename ${one.title}`, () => rename(one, actions)),
      small('Text', `Save ${one.title} as text`, () => download(`${fileName(one)}.md`, 'text/markdown', conversations.asText(one))),
      small('JSON', `Save ${one.title} as JSON`, () => download(`${fileName(one)}.json`, 'application/json', JSON.stringify(one, null, 1))),
      small('Delete', `Delete ${one.title}`, () => remove(one, actions))))));
}

/** Lets the drawer open and close. @returns what closes it. */
export function drawer() {
  const button = byId('menu'), side = byId('sidebar');
  const set = open => {
    document.body.classList.toggle('drawer-open', open);
    button.setAttribute('aria-expanded', `${open}`);
    if (open) side.querySelector('button').focus();
  };
  button.addEventListener('click', () => set(button.getAttribute('aria-expanded') !== 'true'));
  byId('backdrop').addEventListener('click', () => set(false));
  side.addEventListener('keydown', event => {
    if (event.key !== 'Escape' || button.getAttribute('aria-expanded') !== 'true') return;
    event.preventDefault();
    set(false);
    button.focus();
  });
  return () => set(false);
}

const small = (text, label, onclick) => make('button', { type: 'button', class: 'link', 'aria-label': label, onclick }, text);

async function rename(one, actions) {
  const answer = await ask({ title: 'Rename the conversation', field: 'Title', value: one.title, yes: 'Rename' });
  if (!answer?.text) return;
  conversations.rename(one, answer.text);
  actions.changed();
}

async function remove(one, actions) {
  const answer = await ask({ title: 'Delete the conversation?', text: `“${one.title}” is only in this browser. It cannot be brought back.`, yes: 'Delete' });
  if (!answer) return;
  conversations.remove(one);
  actions.removed();
}

const fileName = one => one.title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '').slice(0, 60) || 'conversation';
