/** Restrictions to some indices along a named axis: heads, rows of the batch. */
import { type Axis, type Intervention, indexFromEnd, type SiteContext } from "@mlxterp/core";
import { blend, findAxis, type Mask, maskOf } from "./mask.js";

/** What is restricted, and the number of the axis where a site does not name its own. */
interface RestrictedIndices {
  readonly intervention: Intervention;
  readonly axis?: number;
}

/** An intervention whose result is kept at some indices along an axis. */
export function atSomeIndices(
  indices: readonly number[],
  { intervention, axis }: RestrictedIndices,
  of: IndexedAxis,
): Intervention {
  const masks = indexMasks(indices, axis, of);
  return (x, site) => {
    const { shape } = x;
    return blend(masks(shape, site), intervention, x, shape, site);
  };
}

interface IndexedAxis {
  readonly names: readonly Axis[];
  readonly what: (site: SiteContext) => string;
  readonly wayOut: (site: SiteContext) => string;
}

/** Masks for indices along one axis, made once for each size and place of that axis. */
function indexMasks(indices: readonly number[], axis: number | undefined, of: IndexedAxis) {
  const made = new Map<string, Mask>();
  return (shape: readonly number[], site: SiteContext): Mask => {
    const place = findAxis(site, of.names, axis, shape.length, () => of.wayOut(site));
    const size = shape[place];
    const key = `${place}/${shape.length}/${size}`;
    let mask = made.get(key);
    if (mask === undefined) {
      const flags = new Array<boolean>(size).fill(false);
      for (const index of indices) {
        flags[indexFromEnd(of.what(site), index, size, `"${site.site}"`)] = true;
      }
      mask = maskOf(flags, [place], shape);
      made.set(key, mask);
    }
    return mask;
  };
}
