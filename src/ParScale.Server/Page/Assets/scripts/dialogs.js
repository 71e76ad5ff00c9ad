// The two dialogs of the page: one question, and the settings. Both are the browser's own, which keeps the focus inside and closes on Escape.
import { byId, show } from './dom.js';
import { apiKey, chooseKey, keepsKey, prefer, preferences } from './preferences.js';

/** Asks one thing. @returns { text, keep }, or null when the reader would rather not. */
export function ask({ title, text = '', yes, field = null, value = '', secret = false, keep = false }) {
  const dialog = byId('ask'), label = byId('ask-field'), input = label.querySelector('input'), check = byId('ask-keep');
  byId('ask-title').textContent = title;
  byId('ask-text').textContent = text;
  dialog.querySelector('[value=yes]').textContent = yes;
  show(byId('ask-text'), text !== '');
  show(label, field !== null);
  show(check, keep);
  label.querySelector('span').textContent = field ?? '';
  input.type = secret ? 'password' : 'text';
  input.value = value;
  dialog.returnValue = '';
  dialog.showModal();
  if (field) input.select();
  return closed(dialog, () => dialog.returnValue === 'yes' ? { text: input.value.trim(), keep: check.querySelector('input').checked } : null);
}

/** Shows the settings. @returns whether something was saved. */
export function settings() {
  const dialog = byId('settings'), fields = dialog.querySelector('form').elements;
  const names = ['temperature', 'topP', 'maxTokens', 'seed', 'system'];
  for (const name of names) fields[name].value = preferences[name];
  fields.answersAtOnce.checked = preferences.answersAtOnce;
  fields.key.value = apiKey();
  fields.keepKey.checked = keepsKey();
  dialog.returnValue = '';
  dialog.showModal();
  return closed(dialog, () => {
    if (dialog.returnValue !== 'save') return false;
    prefer({ ...Object.fromEntries(names.map(name => [name, fields[name].value])), answersAtOnce: fields.answersAtOnce.checked });
    chooseKey(fields.key.value.trim(), fields.keepKey.checked);
    return true;
  });
}

const closed = (dialog, answer) => new Promise(resolve => dialog.addEventListener('close', () => resolve(answer()), { once: true }));
