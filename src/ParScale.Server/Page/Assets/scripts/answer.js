// One answer, or one text with all that was added to it: a column of its own where several stand side by side.
import { copy, make, show } from './dom.js';
import { showMarkdown } from './markdown.js';
import { certaintySummary, streamSummary } from './streams.js';
import { thoughtFold } from './thought.js';
import { tokenText } from './tokens.js';
import { titleOf } from './variants.js';
import { isRunning } from './writing.js';

/**
 * A column of `parts`, each an { input } or an { answer }.
 * @returns its element, and what brings it up to date.
 */
export function column(parts, { kind, view, isOneOfMany }) {
  const last = parts.at(-1).answer;
  const title = titleOf(last);
  const grown = [];
  const body = make('div', { class: kind === 'chat' ? 'prose' : 'manuscript', dir: 'auto' }, parts.map(part => {
    if (part.input !== undefined) return make('span', { class: 'input' }, part.input);
    // Beside others a column shows what its own P wrote; of what it continues, another one's, the text is enough.
    if (isOneOfMany && part.answer.model !== last.model) return make('span', { class: 'other', title: `Written by ${titleOf(part.answer)}` }, part.answer.text);
    const [element, grow] = textOf(part.answer, kind, view, title), thought = thoughtFold(part.answer, view, title);
    grown.push(grow, thought.grow);
    return [thought.element, element];
  }).flat());
  const waiting = make('p', { class: 'waiting' }, 'Reading the prompt');
  const summary = make('div', { class: 'summary' });
  const error = make('p', { class: 'error' });
  const figures = make('p', { class: 'figures' });
  const text = () => parts.map(part => part.input ?? part.answer.text).join('');
  const copying = make('button', { type: 'button', class: 'link', 'aria-label': `Copy the text of ${title}`, onclick: event => copy(event.target, text()) }, 'Copy');
  const element = make('section', { class: 'column', 'aria-label': `Answer of ${title}` },
    isOneOfMany && make('h2', { class: 'column-title' }, title), body, waiting, error, summary, make('div', { class: 'foot' }, figures, copying));

  const update = () => {
    for (const grow of grown) grow();
    const runs = isRunning(last);
    element.classList.toggle('running', runs);
    body.setAttribute('aria-busy', `${runs}`);
    show(waiting, runs && last.text === '' && !last.thought);
    show(error, last.error !== null);
    error.textContent = last.error ?? '';
    figures.textContent = figuresOf(last, title);
    show(copying, !runs && parts.some(part => part.answer?.text));
    summary.replaceChildren(...summaryOf(parts, last, view));
  };
  update();
  return { element, update, answer: last };
}

function textOf(answer, kind, view, title) {
  if (kind === 'chat' && (view === 'text' || !answer.segments)) {
    const place = make('div', { class: 'markdown' });
    return [place, () => showMarkdown(place, answer.text)];
  }
  if (!answer.segments) return [make('span', {}, answer.text), () => { }];
  const { place, grow } = tokenText(answer, title);
  return [place, grow];
}

// Of what was written with the same P.
function summaryOf(parts, { model }, view) {
  const tokens = parts.flatMap(part => part.answer?.model === model ? part.answer.segments?.flatMap(segment => segment.k) ?? [] : []);
  if (tokens.length === 0 || view === 'text') return [];
  return view === 'streams' ? streamSummary(tokens) : certaintySummary(tokens);
}

function figuresOf({ figures, streams }, title) {
  if (!figures) return '';
  const words = [`P = ${streams}` === title ? title : `${title}, P = ${streams}`];
  if (figures.tokens) words.push(`${figures.tokens} tokens`);
  if (figures.perSecond) words.push(`${figures.perSecond.toFixed(figures.perSecond < 20 ? 1 : 0)} tokens/s`);
  if (figures.firstMs) words.push(`first after ${figures.firstMs.toFixed(0)} ms`);
  if (figures.read) words.push(`read the last ${figures.read[0]} of ${figures.read[1]} tokens`);
  if (figures.seed !== undefined) words.push(`seed ${figures.seed}`);
  if (figures.finish === 'length') words.push('ended at its limit');
  if (figures.finish === 'stopped') words.push('stopped');
  return words.join(' · ');
}
