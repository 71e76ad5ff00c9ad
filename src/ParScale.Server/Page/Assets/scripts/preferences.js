// Choices that outlive a visit. A browser that keeps nothing gets the defaults each time.

const Defaults = { temperature: '', topP: '', maxTokens: '', seed: '', system: '', answersAtOnce: false, view: '', model: '', streams: null, compare: false, compared: [] };
const Place = 'parscale.preferences', ThemePlace = 'parscale.theme', KeyPlace = 'parscale.key', CurrentPlace = 'parscale.current';

/** The choices; change them with `prefer`. */
export const preferences = { ...Defaults, ...read(Place) };

export function prefer(changes) {
  Object.assign(preferences, changes);
  keep(localStorage, Place, JSON.stringify(preferences));
}

export const theme = () => document.documentElement.dataset.theme ?? 'auto';

export function chooseTheme(name) {
  if (name === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  keep(localStorage, ThemePlace, name);
}

/** The API key: of this tab, unless it is kept on the device. */
export const apiKey = () => get(sessionStorage, KeyPlace) ?? get(localStorage, KeyPlace) ?? '';

export const keepsKey = () => get(localStorage, KeyPlace) !== null;

export function chooseKey(key, onDevice) {
  sessionStorage.removeItem(KeyPlace);
  localStorage.removeItem(KeyPlace);
  if (key) keep(onDevice ? localStorage : sessionStorage, KeyPlace, key);
}

/** The conversation that this tab shows, by its id. */
export const current = () => get(sessionStorage, CurrentPlace) ?? '';

export const chooseCurrent = id => keep(sessionStorage, CurrentPlace, id);

function read(place) {
  try {
    return JSON.parse(localStorage.getItem(place)) ?? {};
  } catch {
    return {};
  }
}

function get(storage, place) {
  try {
    return storage.getItem(place);
  } catch {
    return null;
  }
}

function keep(storage, place, text) {
  try {
    storage.setItem(place, text);
  } catch {
    // It holds until the page is closed.
  }
}
