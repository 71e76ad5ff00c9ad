// The part of Markdown inside a paragraph: emphasis, code, links, line breaks. Images are never loaded: they appear as links.
import { make } from './dom.js';

const Deepest = 8;
const Marks = [['**', 'strong'], ['__', 'strong'], ['~~', 'del'], ['*', 'em'], ['_', 'em']];
const Address = /^https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?]/;
const Link = /^!?\[([^\]\n]*)\]\(\s*<?([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+"[^"\n]*")?\s*\)/;

/** The nodes of a text. */
export function inline(text, depth = 0) {
  const nodes = [];
  // Marks that nothing closes are found to be so once, however many of them there are.
  const unclosed = new Set();
  let plain = '';
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(plain));
    plain = '';
  };
  const add = (node, length) => {
    flush();
    nodes.push(node);
    return length;
  };
  for (let at = 0; at < text.length;) {
    const taken = take(text, at, depth, unclosed, add);
    if (taken === 0) plain += text[at++];
    else if (taken < 0) {
      plain += text[at + 1];
      at += 2;
    } else at += taken;
  }
  flush();
  return nodes;
}

// How many characters one construct took; 0 for an ordinary character, -1 for an escaped one.
function take(text, at, depth, unclosed, add) {
  const next = text[at];
  if (next === '\n') return add(make('br'), 1);
  if (next === '\\' && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? '')) return -1;
  if (next === '`') return code(text, at, unclosed, add);
  if (next === '[' || (next === '!' && text[at + 1] === '[')) return link(text, at, depth, unclosed, add);
  if (next === 'h' && !/\w/.test(text[at - 1] ?? '')) return address(text, at, add);
  return depth < Deepest ? emphasis(text, at, depth, unclosed, add) : 0;
}

function code(text, at, unclosed, add) {
  const ticks = /^`+/.exec(text.slice(at, at + 100))[0];
  if (unclosed.has(ticks)) return 0;
  const end = text.indexOf(ticks, at + ticks.length);
  if (end < 0) {
    unclosed.add(ticks);
    return 0;
  }
  return add(make('code', {}, text.slice(at + ticks.length, end).replace(/^ (.*) $/, '$1')), end + ticks.length - at);
}

function link(text, at, depth, unclosed, add) {
  if (unclosed.has(']') || text.indexOf('](', at) < 0) {
    unclosed.add(']');
    return 0;
  }
  const match = Link.exec(text.slice(at, at + 4000));
  if (!match) return 0;
  const element = anchor(match[2], depth < Deepest ? inline(match[1] || match[2], depth + 1) : match[1]);
  return element ? add(element, match[0].length) : 0;
}

function address(text, at, add) {
  const match = Address.exec(text.slice(at, at + 4000));
  return match ? add(anchor(match[0], match[0]) ?? document.createTextNode(match[0]), match[0].length) : 0;
}

// Only addresses that open a page or a letter, and only whole ones: javascript: and the like stay text.
function anchor(address, content) {
  if (!URL.canParse(address) || !['http:', 'https:', 'mailto:'].includes(new URL(address).protocol)) return null;
  return make('a', { href: address, target: '_blank', rel: 'noopener noreferrer nofollow', title: address }, content);
}

function emphasis(text, at, depth, unclosed, add) {
  for (const [mark, tag] of Marks) {
    if (!text.startsWith(mark, at) || unclosed.has(mark)) continue;
    const begin = at + mark.length;
    // An opening mark stands before a word; an underscore never inside one.
    if (/\s|^$/.test(text[begin] ?? '') || (mark[0] === '_' && /\w/.test(text[at - 1] ?? ''))) continue;
    const end = closing(text, begin, mark);
    if (end < 0) {
      unclosed.add(mark);
      continue;
    }
    return add(make(tag, {}, inline(text.slice(begin, end), depth + 1)), end + mark.length - at);
  }
  return 0;
}

function closing(text, begin, mark) {
  for (let end = text.indexOf(mark, begin + 1); end >= 0; end = text.indexOf(mark, end + 1)) {
    const single = mark.length > 1 || (text[end + 1] !== mark && text[end - 1] !== mark);
    if (single && !/\s/.test(text[end - 1]) && !(mark[0] === '_' && /\w/.test(text[end + mark.length] ?? ''))) return end;
  }
  return -1;
}
