/** Restrictions to some heads, or to some rows of the batch. */
import { type Axis, type Intervention, indexFromEnd, type SiteContext } from "@mlxterp/core";
import { type AxisOption, blend, findAxis, type Mask, maskOf, requireAxis } from "./mask.js";
import { describe, specify } from "./specification.js";
import { requireFunction, requireIntegers } from "./validate.js";

/**
 * Restricts an intervention to some attention heads.
 *
 * The inner intervention sees all heads; its result is kept at those named. The site must have an axis `heads`
 * (`selfAttn.q`, `scores`, `pattern`, `z`, `result`) or `kvHeads` (`k`, `v`); numbers are checked against that very
 * axis, so a query head is never taken for a key-value head.
 *
 * @param heads one or several; negative counts from the last
 * @param intervention what happens to them
 * @param options `axis` for a site whose axes have no names
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an empty list or fractions; MissingAxisError (`MISSING_AXIS`) at a
 *   site without heads; OutOfRangeError (`OUT_"atHeads"_RANGE`) for a head that does not exist
 * @example
 * await model.run(prompt, { interventions: { "layers.3.selfAttn.z": atHeads([0, 2], zeroOut()) } });
 */
export function atHeads(
  heads: number | readonly number[],
  intervention: Intervention,
  options: AxisOption = {},
): Intervention {
  const list = requireIntegers("heads", heads);
  const axis = requireAxis("atBatch", options);
  requireFunction("intervention", intervention);
  const masks = indexMasks(list, axis, {
    names: ["heads", "kvHeads"],
    what: ({ axes }) => (axes?.includes("kvHeads") ? "Key-value head" : "Head"),
    wayOut: ({ site }) =>
      `Heads have an axis of their own at ${attentionOf(site)}.z, .q, .pattern and .result, and at .k and .v; or name it: { axis }.`,
  });
  return specify(
    "atHeads",
    (x, site) => {
      const { shape } = x;
      return blend(masks(shape, site), intervention, x, shape, site);
    },
    (path) => ({
      type: "atHeads",
      heads: typeof heads === "number" ? heads : [...list],
      intervention: describe(intervention, [...path, "intervention"]),
      ...(axis !== undefined && { axis }),
    }),
  );
}

/**
 * Restricts an intervention to some rows of the batch, that is to some of the prompts.
 *
 * @param rows one or several; negative counts from the last
 * @param intervention what happens to them; it sees the whole batch
 * @param options `axis` for a site whose axes have no names
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an empty list or fractions; MissingAxisError (`MISSING_AXIS`) at a
 *   site without a batch axis; OutOfRangeError (`OUT_OF_RANGE`) for a row that does not exist
 * @example
 * await model.run([prompt, prompt], { interventions: { "layers.3.mlp": atBatch(1, zeroOut()) } });
 */
export function atBatch(
  rows: number | readonly number[],
  intervention: Intervention,
  options: AxisOption = {},
): Intervention {
  const list = requireIntegers("rows", rows);
  const axis = requireAxis("atBatch", options);
  requireFunction("intervention", intervention);
  const masks = indexMasks(list, axis, {
    names: ["batch"],
    what: () => "Batch row",
    wayOut: () => "Name the axis that counts prompts: { axis: 0 }.",
  });
  return specify(
    "atBatch",
    (x, site) => {
      const { shape } = x;
      return blend(masks(shape, site), intervention, x, shape, site);
    },
    (path) => ({
      type: "atBatch",
      rows: typeof rows === "number" ? rows : [...list],
      intervention: describe(intervention, [...path, "intervention"]),
      ...(axis !== undefined && { axis }),
    }),
  );
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

/** The attention module of the layer a site belongs to, for the way out. */
function attentionOf(site: string): string {
  const layer = /^(?:.*\.)?layers\.\d+/.exec(site);
  return `${layer ? layer[0] : "layers.0"}.selfAttn`;
}
