// What a model thinks before it answers: a fold above the answer, open as long as there is nothing else to read.
import { make, show } from './dom.js';
import { tokenText } from './tokens.js';
import { isRunning } from './writing.js';

/** Makes the fold of an answer. @returns its element, and what brings it up to date. */
export function thoughtFold(answer, view, title) {
  const summary = make('summary'), text = make('p', { dir: 'auto' });
  const element = make('details', { class: 'thought', hidden: true }, summary, text);
  let tokens = null, chosen = false;
  summary.addEventListener('click', () => (chosen = true));
  const grow = () => {
    if (!answer.thought) return;
    show(element, true);
    const thinks = isRunning(answer) && answer.text === '';
    element.classList.toggle('running', thinks);
    summary.textContent = thinks ? 'Thinking' : answer.figures?.thoughtMs >= 100 ? `Thought for ${seconds(answer.figures.thoughtMs)}` : 'Thought';
    if (!chosen) element.open = thinks;
    if (view !== 'text' && answer.segments) {
      if (!tokens) text.append((tokens = tokenText(answer, `the thinking of ${title}`, true)).place);
      else tokens.grow();
    } else if (!tokens && text.textContent !== answer.thought) text.textContent = answer.thought;
  };
  return { element, grow };
}

const seconds = ms => ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
