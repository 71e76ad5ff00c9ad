// The box to write in, and what to write with: model, P, one or several side by side, chat or text.
import { byId, segment, show } from './dom.js';
import { prefer, preferences } from './preferences.js';

const MostColumns = 4;

/** The variants that are chosen: one, or those that stand side by side. */
export function chosen(family) {
  if (!family) return [];
  if (comparing(family)) return family.variants.filter(variant => preferences.compared.includes(variant.label)).slice(0, MostColumns);
  return [family.variants.find(variant => variant.label === preferences.streams) ?? family.standard];
}

export const comparing = family => preferences.compare && family.variants.length > 1;

/** Shows the choices that the server's models offer. */
export function showChoices({ families, family, conversation, isBusy }) {
  const model = byId('model');
  show(byId('model-choice'), families.length > 1);
  model.replaceChildren(...families.map(one => new Option(one.name, one.name, false, one === family)));
  showStreams(family);
  const compare = byId('compare');
  show(compare, (family?.variants.length ?? 0) > 1);
  compare.setAttribute('aria-pressed', `${family !== null && comparing(family)}`);
  show(byId('kind'), family?.chats === true && conversation.turns.length === 0);
  for (const input of byId('kind').querySelectorAll('input')) input.checked = input.value === conversation.kind;
  showWords(family, conversation, isBusy);
}

/** Makes the box as high as its text. */
export function fitInput() {
  const input = byId('input');
  input.style.height = 'auto';
  input.style.height = `${Math.min(input.scrollHeight, innerHeight * 0.4)}px`;
}

/** Reacts to the choices. */
export function watchChoices(state, changed) {
  byId('model').addEventListener('change', event => {
    prefer({ model: event.target.value });
    changed();
  });
  byId('compare').addEventListener('click', () => {
    const variants = state.family.variants;
    const compare = !preferences.compare;
    if (compare && chosenLabels(variants).length < 2) prefer({ compared: [variants[0], variants.at(-1)].map(variant => variant.label) });
    prefer({ compare });
    changed();
  });
  byId('streams').addEventListener('change', event => {
    if (preferences.compare && event.target.type === 'checkbox') {
      const others = chosenLabels(state.family.variants).filter(label => label !== event.target.value);
      prefer({ compared: event.target.checked ? [...others, event.target.value] : others });
    } else prefer({ streams: event.target.value });
    changed();
    byId('streams').querySelector(`[value="${CSS.escape(event.target.value)}"]`)?.focus();
  });
}

const chosenLabels = variants => variants.map(variant => variant.label).filter(label => preferences.compared.includes(label));

function showStreams(family) {
  const place = byId('streams');
  place.querySelectorAll('label, .segment-name').forEach(one => one.remove());
  if (!family) return;
  const many = comparing(family), now = chosen(family), full = now.length >= MostColumns;
  const name = document.createElement('span');
  name.className = 'segment-name';
  name.textContent = 'P';
  name.setAttribute('aria-hidden', 'true');
  place.append(name, ...family.variants.map(variant => {
    const label = segment(many ? 'checkbox' : 'radio', 'streams', variant.label, variant.label, now.includes(variant));
    label.firstElementChild.disabled = many && full && !now.includes(variant);
    return label;
  }));
}

function showWords(family, conversation, isBusy) {
  const chats = conversation.kind === 'chat', input = byId('input'), send = byId('send');
  const tooFew = family !== null && comparing(family) && chosen(family).length < 2;
  byId('input-label').textContent = chats ? 'Message' : 'Text to continue';
  input.placeholder = chats ? 'Write a message' : conversation.turns.length > 0 ? 'Add to the text, or just continue it' : 'Write the beginning of a text';
  send.textContent = isBusy ? 'Stop' : chats ? 'Send' : 'Continue';
  send.classList.toggle('stop', isBusy);
  send.disabled = !isBusy && (family === null || tooFew);
  byId('hint').textContent = tooFew ? 'Choose two to four P' : isBusy ? 'Esc stops' : chats ? 'Enter sends, Shift+Enter starts a line' : 'Ctrl+Enter continues';
}
