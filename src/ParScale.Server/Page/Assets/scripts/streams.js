// Which stream spoke: colours, the drawing of weights over tokens, and the same in words.
import { draw, make } from './dom.js';

const Colours = 8;

/** Marks an element with the colour of a stream. */
export const colour = stream => `stream s${stream % Colours}`;

/** The stream of the largest weight. */
export const leader = weights => weights.indexOf(Math.max(...weights));

/** How far the leading weight lies above an equal share: 0 when all are equal, 1 when one stream has all. */
export const strength = weights => weights.length < 2 ? 0 : (Math.max(...weights) - 1 / weights.length) / (1 - 1 / weights.length);

export const percent = share => `${(share * 100).toFixed(share > 0 && share < 0.095 ? 1 : 0)} %`;

/** The weights of all tokens as bands that fill the height, one of each stream, and a list that says how much each had and led. */
export function streamSummary(tokens) {
  const weights = tokens.map(token => token.w).filter(Boolean);
  const count = weights[0]?.length ?? 0;
  if (count < 2) return [make('p', { class: 'note' }, 'P = 1: a single stream, so nothing is mixed.')];
  const means = weights[0].map((_, p) => weights.reduce((sum, one) => sum + (one[p] ?? 0), 0) / weights.length);
  const led = new Array(count).fill(0);
  for (const one of weights) led[leader(one)]++;
  return [
    bands(weights, count),
    make('ul', { class: 'legend', 'aria-label': `Weights of ${count} streams over ${weights.length} tokens` }, means.map((mean, p) => make('li', {},
      make('span', { class: `swatch ${colour(p)}`, 'aria-hidden': 'true' }),
      make('span', {}, `Stream ${p + 1}`),
      make('span', { class: 'muted' }, `${percent(mean)}, leads ${led[p]}`)))),
  ];
}

function bands(weights, count) {
  const sums = weights.map(() => 0);
  const paths = [];
  for (let p = 0; p < count; p++) {
    const lower = [...sums];
    weights.forEach((one, t) => (sums[t] += one[p] ?? 0));
    const y = share => (100 - share * 100).toFixed(1);
    const upper = sums.map((sum, t) => `L${t} ${y(sum)}L${t + 1} ${y(sum)}`).join('');
    const back = lower.map((_, i) => lower.length - 1 - i).map(t => `L${t + 1} ${y(lower[t])}L${t} ${y(lower[t])}`).join('');
    paths.push(draw('path', { class: colour(p), d: `M0 ${y(lower[0])}${upper}${back}Z` }));
  }
  return draw('svg', { class: 'bands', viewBox: `0 0 ${weights.length} 100`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, paths);
}

/** How sure the model was of its tokens, in words and as a scale. */
export function certaintySummary(tokens) {
  const known = tokens.filter(token => token.p > 0);
  if (known.length === 0) return [];
  const nats = known.reduce((sum, token) => sum - Math.log(token.p), 0) / known.length;
  return [make('p', { class: 'scale' }, make('span', {}, 'sure'), make('span', { class: 'ramp', 'aria-hidden': 'true' }), make('span', {}, 'surprised'),
    make('span', { class: 'muted' }, `perplexity of this text ${Math.exp(nats).toFixed(1)} over ${known.length} tokens`))];
}
