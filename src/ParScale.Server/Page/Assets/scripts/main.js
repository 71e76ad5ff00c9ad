// The page: what is shown, and what its buttons do.
import { chosen, fitInput, showChoices, watchChoices } from './composer.js';
import * as conversations from './conversations.js';
import { ask, settings } from './dialogs.js';
import { byId, show } from './dom.js';
import { chooseCurrent, chooseKey, chooseTheme, current, prefer, preferences, theme } from './preferences.js';
import * as server from './server.js';
import { drawer, showConversations } from './sidebar.js';
import { endThread, showThread, updateThread } from './thread.js';
import { watchTokens } from './tokens.js';
import { families, titleOf } from './variants.js';
import { emptyAnswer, seedOf, write } from './writing.js';

const state = { families: [], family: null, conversation: conversations.begin('chat'), stopping: null };
const input = byId('input');

const view = () => preferences.view || (state.family?.chats === false ? 'streams' : 'text');
const kindOfNew = () => state.family?.chats === false ? 'text' : 'chat';

function showAll() {
  const { conversation, family } = state, isBusy = state.stopping !== null;
  byId('title').textContent = conversation.title || (conversation.kind === 'chat' ? 'New conversation' : 'New text');
  for (const radio of byId('view').querySelectorAll('input')) radio.checked = radio.value === view();
  showThread(conversation, { view: view(), family, isBusy, actions });
  showConversations(conversation, actions);
  showChoices({ ...state, isBusy });
}

function open(conversation) {
  if (state.stopping) stop();
  state.conversation = conversation;
  tell('');
  chooseCurrent(conversation.id);
  showAll();
}

function tell(error) {
  byId('error').textContent = error;
  show(byId('error'), error !== '');
}

function keep() {
  if (!conversations.save(state.conversation)) tell('The browser has no room left for this conversation: delete others, or save it as text.');
}

const announce = text => (byId('announcer').textContent = text);

const actions = {
  open: conversation => {
    closeDrawer();
    open(conversation);
  },
  changed: showAll,
  removed: () => open(conversations.begin(kindOfNew())),
  suggest: text => {
    input.value = text;
    fitInput();
    input.focus();
  },
  again: () => run(state.conversation.turns.at(-1)),
  undo: () => {
    const turn = state.conversation.turns.pop();
    keep();
    if (state.conversation.turns.length === 0) conversations.remove(state.conversation);
    showAll();
    actions.suggest(turn.input);
  },
};

/** Writes the answers of a turn with all that is chosen, at the same time and from the same seed. */
async function run(turn) {
  const { conversation, family } = state, variants = chosen(family), seed = seedOf();
  const stopping = state.stopping = new AbortController();
  turn.answers = variants.map(emptyAnswer);
  tell('');
  const work = turn.answers.map(answer => write(conversation, answer, family, seed, stopping.signal, updateThread));
  keep();
  chooseCurrent(conversation.id);
  showAll();
  announce(`Writing with ${variants.map(titleOf).join(' and ')}.`);
  watchHealth();
  const ends = await Promise.allSettled(work);
  if (state.stopping === stopping) state.stopping = null;
  if (state.conversation !== conversation) {
    // One that was deleted meanwhile stays so.
    if (conversations.find(conversation.id)) conversations.save(conversation);
    showAll();
  } else {
    keep();
    endThread();
    showConversations(conversation, actions);
    showChoices({ ...state, isBusy: false });
    announce(turn.answers.map(answer => `${titleOf(answer)}: ${answer.error ?? answer.text}`).join('\n'));
  }
  if (ends.some(end => end.status === 'rejected')) await askKey();
}

const stop = () => state.stopping?.abort();

function send() {
  const { conversation } = state, text = input.value;
  if (conversation.kind === 'chat' ? text.trim() === '' : text === '' && conversation.turns.length === 0) {
    input.focus();
    return;
  }
  if (conversation.kind === 'chat' && state.family.chats === false) {
    tell('This model has no chat template, so it cannot answer: begin a new text instead.');
    return;
  }
  input.value = '';
  fitInput();
  const turn = { input: text, answers: [] };
  conversation.turns.push(turn);
  run(turn);
}

/** Asks which models there are until the server tells. */
async function loadModels() {
  for (;;) {
    try {
      state.families = families(await server.models());
      break;
    } catch (e) {
      if (e.status === 401) {
        if (await askKey(e.message)) continue;
        tell('This server wants an API key: give it in the settings.');
        return;
      }
      if (e.status !== 503) tell(e.message);
      await new Promise(resolve => setTimeout(resolve, 1500));
    }
  }
  state.family = state.families.find(family => family.name === preferences.model) ?? state.families[0];
  tell('');
  if (state.conversation.turns.length === 0) state.conversation.kind = kindOfNew();
  showAll();
}

async function askKey(reason = 'The API key is wrong or missing.') {
  const answer = await ask({ title: 'This server wants an API key', text: reason, field: 'API key', secret: true, keep: true, yes: 'Use it' });
  if (answer) chooseKey(answer.text, answer.keep);
  return answer !== null;
}

let healthTimer = 0;
async function watchHealth() {
  clearTimeout(healthTimer);
  const place = byId('server');
  try {
    const { status, running, waiting } = await server.health();
    place.dataset.state = status === 'ok' ? 'ready' : 'busy';
    place.textContent = status === 'ok' ? `Ready · ${running} running · ${waiting} queued` : `The server is ${status}`;
  } catch {
    place.dataset.state = 'gone';
    place.textContent = 'The server cannot be reached';
  }
  if (!document.hidden) healthTimer = setTimeout(watchHealth, state.stopping ? 1000 : 5000);
}

byId('composer').addEventListener('submit', event => {
  event.preventDefault();
  if (state.stopping) stop();
  else send();
});
input.addEventListener('input', fitInput);
input.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || event.isComposing) return;
  const sends = state.conversation.kind === 'chat' ? !event.shiftKey : event.ctrlKey || event.metaKey;
  if (!sends) return;
  event.preventDefault();
  if (!state.stopping && !byId('send').disabled) send();
});
document.addEventListener('keydown', event => {
  // What is open closes first.
  if (event.key === 'Escape' && !event.defaultPrevented && byId('inspector').hidden && !document.querySelector('dialog[open]')) stop();
});
document.addEventListener('visibilitychange', () => document.hidden || watchHealth());
byId('new').addEventListener('click', () => {
  closeDrawer();
  open(conversations.begin(kindOfNew()));
  input.focus();
});
byId('view').addEventListener('change', event => {
  prefer({ view: event.target.value });
  showAll();
});
byId('kind').addEventListener('change', event => {
  state.conversation.kind = event.target.value;
  showAll();
  byId('kind').querySelector(':checked').focus();
});
byId('theme').addEventListener('change', event => chooseTheme(event.target.value));
byId('open-settings').addEventListener('click', async () => await settings() && state.families.length === 0 && loadModels());
addEventListener('storage', event => {
  if (!conversations.concerns(event.key) || state.stopping) return;
  conversations.load();
  showConversations(state.conversation, actions);
});
addEventListener('pagehide', () => state.stopping && conversations.save(state.conversation));

const closeDrawer = drawer();
watchTokens();
watchChoices(state, () => {
  const family = state.families.find(one => one.name === preferences.model) ?? state.family;
  const isOther = family !== state.family;
  state.family = family;
  if (isOther && state.conversation.turns.length === 0) state.conversation.kind = kindOfNew();
  if (isOther) showAll();
  else showChoices({ ...state, isBusy: state.stopping !== null });
});
byId('theme').querySelector(`[value=${theme()}]`).checked = true;
conversations.load();
state.conversation = conversations.find(current()) ?? state.conversation;
showAll();
watchHealth();
loadModels();
