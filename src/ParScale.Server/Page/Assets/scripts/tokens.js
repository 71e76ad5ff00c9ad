// A text as its tokens: coloured by stream or by certainty, each with what the model knew when it chose it. One stop of the Tab key for
// each text; arrow keys go from token to token.
import { byId, make } from './dom.js';
import { colour, leader, percent, strength } from './streams.js';

/** A token as it is read: spaces and line ends can be seen. */
export const visible = text => text.replaceAll(' ', '␣').replaceAll('\n', '↵').replaceAll('\t', '⇥') || '∅';

/** Makes the tokens of an answer, or of what was thought before it; `grow` appends those that came since. */
export function tokenText(answer, label, isThought = false) {
  const place = make('span', { class: 'tokens' });
  let shown = 0;
  const grow = () => {
    // Full storage may have cost their details meanwhile.
    for (; shown < (answer.segments?.length ?? 0); shown++) {
      const segment = answer.segments[shown];
      if ((segment.r ?? false) === isThought) place.append(tokenOf(segment));
    }
    if (place.firstElementChild && !place.hasAttribute('role')) {
      place.setAttribute('role', 'listbox');
      place.setAttribute('aria-orientation', 'horizontal');
      place.setAttribute('aria-label', `Tokens of ${label}`);
      place.firstElementChild.tabIndex = 0;
    }
  };
  grow();
  return { place, grow };
}

/** Shows what is known of the token that has the pointer or the focus, for all tokens of the page. */
export function watchTokens() {
  const card = byId('inspector');
  let hiding = 0, at = '';
  const hide = () => {
    clearTimeout(hiding);
    card.hidden = true;
  };
  const reveal = target => {
    const token = target.closest?.('.token');
    clearTimeout(hiding);
    if (token?.segment.k?.length) open(card, token);
  };
  const later = () => {
    clearTimeout(hiding);
    hiding = setTimeout(hide, 150);
  };
  // Text that moves under a pointer at rest was not pointed at.
  const hasMoved = event => {
    const before = at;
    at = `${event.clientX} ${event.clientY}`;
    return at !== before;
  };
  document.addEventListener('pointermove', hasMoved, true);
  document.addEventListener('pointerover', event => {
    const isToken = event.target.closest('.token') !== null, moved = hasMoved(event);
    if (isToken && !moved) return;
    // A finger that begins to scroll touches tokens too: it has to tap.
    if (isToken && event.pointerType !== 'touch') reveal(event.target);
    else if (card.contains(event.target)) clearTimeout(hiding);
    else if (!isToken && !card.hidden) later();
  });
  document.documentElement.addEventListener('pointerleave', event => event.pointerType === 'mouse' && !card.hidden && later());
  document.addEventListener('pointerdown', event => !event.target.closest('.token') && hide());
  document.addEventListener('click', event => event.target.closest('.token') && reveal(event.target));
  document.addEventListener('focusin', event => {
    if (event.target.closest('.token')) {
      becomeStop(event.target);
      reveal(event.target);
    } else hide();
  });
  // The focus may itself have scrolled the text: what is known then goes along with the token.
  document.addEventListener('scroll', event => {
    if (card.hidden || card.contains(event.target)) return;
    const token = document.activeElement;
    if (token?.matches('.token') && token.segment.k?.length) open(card, token);
    else hide();
  }, true);
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') hide();
    else if (event.target.closest?.('.token')) move(event);
  });
}

function tokenOf(segment) {
  const token = make('span', { class: 'token', role: 'option', tabindex: '-1', 'aria-selected': 'false' }, segment.t);
  const known = segment.k?.at(-1);
  let words = visible(segment.t);
  if (known?.p !== undefined) {
    words += `, ${percent(known.p)}`;
    token.style.setProperty('--doubt', surprise(known.p).toFixed(3));
  }
  if (known?.w?.length > 1) {
    const first = leader(known.w);
    words += `, stream ${first + 1} leads with ${percent(known.w[first])}`;
    token.className += ` ${colour(first)}`;
    token.style.setProperty('--strength', strength(known.w).toFixed(3));
  }
  token.setAttribute('aria-label', words);
  token.segment = segment;
  return token;
}

// Nats, of which six, a probability of a quarter of a percent, are as many as the colour shows.
const surprise = p => Math.min(1, -Math.log(Math.max(p, 1e-9)) / 6);

// Beside the token, and over no button: within the conversation, unless that is too low for it.
function open(card, token) {
  card.replaceChildren(...token.segment.k.map(details));
  card.hidden = false;
  const at = token.getClientRects()[0] ?? token.getBoundingClientRect(), size = card.getBoundingClientRect();
  const thread = byId('thread').getBoundingClientRect(), fits = size.height + 8 <= thread.height;
  const [from, to] = fits ? [thread.top, thread.bottom] : [8, innerHeight - 8];
  const isBelow = at.bottom + 8 + size.height <= to;
  const top = isBelow ? at.bottom + 8 : at.top - size.height - 8;
  card.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
  card.style.top = `${Math.max(from, Math.min(top, to - size.height))}px`;
}

function details(known) {
  const others = (known.a ?? []).map(([text, p]) => bar(text === known.s ? 'likely chosen' : 'likely', visible(text), p));
  const isListed = known.a?.some(([text]) => text === known.s);
  return make('div', {},
    make('p', { class: 'inspected' }, make('code', {}, visible(known.s)), make('span', {}, known.p === undefined ? '' : percent(known.p))),
    others.length > 0 && make('div', { class: 'bars' }, make('p', { class: 'muted' }, isListed ? 'Likeliest tokens here' : 'Likeliest tokens here; the chosen one is not among them'), others),
    known.w?.length > 1 && make('div', { class: 'bars' }, make('p', { class: 'muted' }, 'Weight of each stream'),
      known.w.map((weight, p) => bar(colour(p), `Stream ${p + 1}`, weight))));
}

function bar(kind, name, share) {
  const filled = make('span', { class: `filled ${kind}` });
  filled.style.width = `${share * 100}%`;
  return make('div', { class: `bar ${kind.includes('chosen') ? 'chosen' : ''}` }, make('span', { class: 'name' }, name), make('span', { class: 'track' }, filled),
    make('span', { class: 'share' }, percent(share)));
}

function move(event) {
  const token = event.target.closest('.token'), all = [...token.parentElement.children], i = all.indexOf(token);
  const to = {
    ArrowRight: () => all[i + 1], ArrowLeft: () => all[i - 1], Home: () => all[0], End: () => all.at(-1),
    ArrowDown: () => onLine(all.slice(i + 1), token), ArrowUp: () => onLine(all.slice(0, i).reverse(), token),
  }[event.key]?.();
  if (!to) return;
  event.preventDefault();
  to.focus();
}

// The token that the Tab key comes back to.
function becomeStop(token) {
  for (const one of token.parentElement.querySelectorAll('[tabindex="0"]')) {
    one.tabIndex = -1;
    one.setAttribute('aria-selected', 'false');
  }
  token.tabIndex = 0;
  token.setAttribute('aria-selected', 'true');
}

// The token of the next line that lies nearest to this one.
function onLine(candidates, token) {
  const from = token.getBoundingClientRect();
  let line = null, best = null, distance = Infinity;
  for (const one of candidates) {
    const at = one.getBoundingClientRect();
    if (Math.abs(at.top - from.top) < from.height / 2) continue;
    line ??= at.top;
    if (Math.abs(at.top - line) > from.height / 2) break;
    if (Math.abs(at.left - from.left) < distance) [best, distance] = [one, Math.abs(at.left - from.left)];
  }
  return best;
}
