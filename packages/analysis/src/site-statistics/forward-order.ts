/** Sites in the order in which a pass makes their values. */

/** A site without the number of its call. */
export function plainSite(site: string): string {
  return site.replace(/#\d+$/, "");
}

/**
 * Inputs before what is inside, a layer's own output after it; the logits last.
 *
 * @param all sites of the model, in its own order
 */
export function inForwardOrder<T extends { readonly site: string }>(
  list: readonly T[],
  all: readonly string[],
): T[] {
  const order = new Map(all.map((site, index) => [site, index]));
  const place = ({ site }: T): number => {
    const plain = plainSite(site);
    if (plain === "output") return Number.POSITIVE_INFINITY;
    if (plain.endsWith(".input")) return (order.get(plain.slice(0, -6)) ?? -1) - 0.5;
    return lastInside(plain, order);
  };
  return [...list].sort((a, b) => place(a) - place(b));
}

/** A module's output comes when everything inside it is done. */
function lastInside(site: string, order: ReadonlyMap<string, number>): number {
  let last = order.get(site) ?? 0;
  for (const [other, index] of order)
    if (other.startsWith(`${site}.`)) last = Math.max(last, index);
  return last + 0.25 / (1 + site.split(".").length);
}
