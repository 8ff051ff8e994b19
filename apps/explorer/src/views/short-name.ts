/** A model's name where there is little room. */

/** Of a folder its last part; a hub id as it is. */
export function shortName(name: string): string {
  return /^([/~.]|[A-Za-z]:)/.test(name)
    ? (name.split(/[\\/]/).filter(Boolean).at(-1) ?? name)
    : name;
}
