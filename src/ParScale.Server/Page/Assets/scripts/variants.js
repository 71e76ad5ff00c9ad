// Models and the P that each of them offers, from the entries of /v1/models. A model comes under its own name and once more for each of
// its stream sets, as NAME:SET. Where an application or a gateway serves models of one P
// each that are called NAME-p1, NAME-p2 and so on, these count as one.

/** The models: { name, chats, context, variants: [{ id, streams, label }], standard }, `standard` being the variant that runs by default. */
export function families(entries) {
  const isSet = entry => entries.some(other => entry.id.startsWith(`${other.id}:`));
  const models = entries.filter(entry => !isSet(entry));
  const stem = entry => new RegExp(`^(.+)-p${entry.parscale_n}$`, 'i').exec(entry.id)?.[1];
  const siblings = entry => stem(entry) === undefined ? [entry] : models.filter(other => stem(other) === stem(entry));
  return models.filter(entry => siblings(entry)[0] === entry).map(own => {
    const group = siblings(own);
    if (group.length > 1) {
      return family(stem(own), own, group.map(entry => ({ id: entry.id, streams: entry.parscale_n, label: `${entry.parscale_n}` })));
    }
    const sets = entries.filter(entry => entry.id.startsWith(`${own.id}:`));
    const members = sets.length > 0 ? sets : [own];
    return family(own.id, own, members.map(entry => ({
      id: entry.id,
      streams: entry.parscale_n,
      // Two sets of one P are told apart by their names.
      label: members.filter(other => other.parscale_n === entry.parscale_n).length > 1 ? entry.id.slice(own.id.length + 1) : `${entry.parscale_n}`,
    })));
  });
}

function family(name, own, members) {
  const variants = members.sort((a, b) => a.streams - b.streams);
  return {
    name,
    chats: own.capabilities.includes('chat'),
    context: own.max_model_len,
    variants,
    standard: variants.find(variant => variant.streams === own.parscale_n),
  };
}

/** How a variant is called in a heading. */
export const titleOf = variant => /^\d+$/.test(variant.label) ? `P = ${variant.label}` : variant.label;
