// Shows the Markdown that models write: paragraphs, headings, lists, quotes, tables, code. Blocks are made of elements and text nodes only,
// so whatever a model writes stays text. While an answer grows, blocks that are complete stay as they are.
import { copy, make } from './dom.js';
import { inline } from './inline.js';

const Deepest = 8;
// Patterns that take a time in proportion to the line, whatever stands in it.
const Fence = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)$/;
const Heading = /^ {0,3}(#{1,6})\s(.*)$/;
const Rule = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
const Quote = /^ {0,3}> ?/;
const Item = /^( {0,3})([-*+]|\d{1,9}[.)])(\s+|$)/;
const TableRule = /^\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?$/;

/** Makes `place` show a text; blocks that it shows already are kept. */
export function showMarkdown(place, text) {
  const blocks = parse(text.split('\n'), 0);
  let same = 0;
  while (same < blocks.length && same < place.children.length && place.children[same].source === blocks[same].source) same++;
  while (place.children.length > same) place.lastElementChild.remove();
  for (const block of blocks.slice(same)) {
    const element = block.build();
    element.source = block.source;
    place.append(element);
  }
}

/** The blocks of lines: what each was made of, and how to make it. */
function parse(lines, depth) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (lines[at].trim() === '') {
      at++;
      continue;
    }
    const [end, build] = block(lines, at, depth);
    blocks.push({ source: lines.slice(at, end).join('\n'), build });
    at = end;
  }
  return blocks;
}

function block(lines, at, depth) {
  const line = lines[at];
  let match;
  if ((match = Fence.exec(line))) return fence(lines, at, match);
  if ((match = Heading.exec(line))) {
    const [, marks, text] = match;
    // The page's own heading is the first level.
    return [at + 1, () => make(`h${Math.min(6, marks.length + 1)}`, {}, inline(text.trim().replace(/\s#+$/, '')))];
  }
  if (Rule.test(line)) return [at + 1, () => make('hr')];
  if (line.includes('|') && at + 1 < lines.length && lines[at + 1].includes('-') && TableRule.test(lines[at + 1].trim())) return table(lines, at);
  if (depth < Deepest && Quote.test(line)) {
    const end = endOf(lines, at, next => Quote.test(next));
    const inner = lines.slice(at, end).map(one => one.replace(Quote, ''));
    return [end, () => make('blockquote', {}, parse(inner, depth + 1).map(one => one.build()))];
  }
  if (depth < Deepest && (match = Item.exec(line))) return list(lines, at, match, depth);
  const end = endOf(lines, at + 1, next => next.trim() !== '' && !startsBlock(next));
  return [end, () => make('p', {}, inline(lines.slice(at, end).map(one => one.trim()).join('\n')))];
}

const startsBlock = line => Fence.test(line) || Heading.test(line) || Rule.test(line) || Quote.test(line) || Item.test(line);

function endOf(lines, at, goesOn) {
  while (at < lines.length && goesOn(lines[at])) at++;
  return at;
}

function fence(lines, at, [, marks, info]) {
  const end = endOf(lines, at + 1, next => !(next.trim().startsWith(marks) && next.trim().replaceAll(marks[0], '') === ''));
  const text = lines.slice(at + 1, end).join('\n');
  return [Math.min(end + 1, lines.length), () => make('div', { class: 'code' },
    make('div', { class: 'code-head' }, make('span', {}, info.trim().split(/\s/)[0] || 'code'),
      make('button', { type: 'button', class: 'link', 'aria-label': 'Copy the code', onclick: event => copy(event.target, text) }, 'Copy')),
    make('pre', { tabindex: '0' }, make('code', {}, text)))];
}

// An item holds its own line and those after it that are indented, with blank lines between them. A line that is not indented belongs to
// it only right after its text.
function list(lines, at, first, depth) {
  const ordered = /\d/.test(first[2]);
  const items = [];
  while (at < lines.length) {
    const match = Item.exec(lines[at]);
    if (!match || /\d/.test(match[2]) !== ordered) break;
    const begin = at++;
    while (at < lines.length) {
      const blank = lines[at].trim() === '', after = lines[at - 1].trim() === '';
      if (!blank && !/^( {2}|\t)/.test(lines[at]) && (after || startsBlock(lines[at]))) break;
      at++;
    }
    const indent = match[1].length + match[2].length + 1;
    items.push([lines[begin].slice(match[0].length), ...lines.slice(begin + 1, at).map(line => line.slice(Math.min(indent, indentOf(line))))]);
  }
  return [at, () => make(ordered ? 'ol' : 'ul', { start: ordered ? parseInt(first[2], 10) : null }, items.map(own => make('li', {}, content(own, depth))))];
}

const indentOf = line => line.length - line.trimStart().length;

// An item of one paragraph, as most are, needs none around it.
function content(lines, depth) {
  const blocks = parse(lines, depth + 1).map(one => one.build());
  return blocks.flatMap((one, i) => i === 0 && one.tagName === 'P' ? [...one.childNodes] : [one]);
}

function table(lines, at) {
  const end = endOf(lines, at + 2, next => next.includes('|') && next.trim() !== '');
  const cells = line => line.trim().replace(/^\||\|$/g, '').split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll('\\|', '|'));
  const head = cells(lines[at]);
  return [end, () => make('div', { class: 'table', tabindex: '0' }, make('table', {},
    make('thead', {}, make('tr', {}, head.map(cell => make('th', { scope: 'col' }, inline(cell))))),
    make('tbody', {}, lines.slice(at + 2, end).map(row => make('tr', {}, head.map((_, i) => make('td', {}, inline(cells(row)[i] ?? ''))))))))];
}
