/** What of a layer can be exchanged: by which site, and what its axes are. */
import type { Note } from "@mlxterp/results";
import { layersHaving } from "../shared/layers-having.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { select } from "../shared/select.js";
import type { PatchPart } from "./kinds.js";

/**
 * How a site's axes are laid out, batch first:
 * - `stream`: (batch, position, hidden)
 * - `units`: (batch, position, units)
 * - `positionFirst`: (batch, position, units, width)
 * - `unitFirst`: (batch, units, position, width)
 */
export type Layout = "stream" | "units" | "positionFirst" | "unitFirst";

interface PartFacts {
  readonly site: string;
  readonly layout: Layout;
  /** What its units are called, where it has some. */
  readonly unit?: "head" | "kvHead" | "neuron" | "expert";
  /** Whether, at a position, it is read at other positions of the same layer. */
  readonly moves?: boolean;
}

/**
 * Every kind:
 *
 * - `residual`, `residualMid`: the residual stream before a layer, and between its attention and its MLP
 * - `attention`, `mixer`, `mlp`: what that part of a layer adds to it
 * - `head`: one head's mix of values; `query`, `key`, `value`: what it mixes by, before rotation; `pattern`: the shares themselves, by query
 * - `neuron`: one activation inside an MLP; `expert`: how well one expert suits a token
 */
export const parts = {
  residual: { site: "input", layout: "stream", moves: true },
  residualMid: { site: "residMid", layout: "stream" },
  attention: { site: "selfAttn", layout: "stream" },
  mixer: { site: "mixer", layout: "stream" },
  mlp: { site: "mlp", layout: "stream" },
  head: { site: "selfAttn.z", layout: "positionFirst", unit: "head" },
  query: { site: "selfAttn.q", layout: "unitFirst", unit: "head" },
  key: { site: "selfAttn.k", layout: "unitFirst", unit: "kvHead", moves: true },
  value: { site: "selfAttn.v", layout: "unitFirst", unit: "kvHead", moves: true },
  pattern: { site: "selfAttn.pattern", layout: "unitFirst", unit: "head" },
  neuron: { site: "mlp.post", layout: "units", unit: "neuron" },
  expert: { site: "mlp.router", layout: "units", unit: "expert" },
} as const satisfies Readonly<Record<PatchPart, PartFacts>>;

export type Part = PatchPart;

export function factsOf(part: Part): PartFacts {
  return parts[part];
}

/** The site that changes of a part act on. */
export function siteOf(part: Part, layer: number | "*"): string {
  return `layers.${layer}.${parts[part].site}`;
}

/** Which axis of a site holds positions. */
export function axisOf(site: string): 1 | 2 {
  const part = (Object.keys(parts) as Part[]).find((one) => site.endsWith(`.${parts[one].site}`));
  return part && factsOf(part).layout === "unitFirst" ? 2 : 1;
}

/**
 * The layers of a part: those asked for, or all that have it.
 *
 * @throws OutOfRangeError (`OUT_OF_RANGE`); InvalidArgumentError (`INVALID_ARGUMENT`) for layers that do not have it
 */
export function layersOf(
  model: AnalysisModel,
  part: Part,
  chosen: readonly number[] | undefined,
): number[] {
  if (part === "residual") return select("Layer", chosen, model.anatomy.layers);
  const wanted = { option: "kinds", word: part, site: siteOf(part, "*"), another: "another kind" };
  return layersHaving(model, wanted, chosen);
}

/** Of several parts those that some of the layers have, and a note about the others; of one alone, it. */
export function partsThere<P extends Part>(
  model: AnalysisModel,
  asked: readonly P[],
  chosen?: readonly number[],
): { readonly kinds: P[]; readonly notes: Note[] } {
  const names = new Set(model.sites().map(({ site }) => site));
  const layers = select("Layer", chosen, model.anatomy.layers);
  const has = (part: P) =>
    part === "residual" || layers.some((layer) => names.has(siteOf(part, layer)));
  const kinds = asked.filter(has);
  if (kinds.length === 0 || kinds.length === asked.length) return { kinds: [...asked], notes: [] };
  const missing = asked
    .filter((part) => !has(part))
    .map((part) => `${part} (${siteOf(part, "*")})`);
  const mixes = !asked.includes("mixer" as P) && layers.some((layer) => names.has(siteOf("mixer", layer))); // biome-ignore format: one line
  const also = mixes ? ' What mixes tokens there is the kind "mixer".' : "";
  const text = `left out, since none of these layers has them: ${missing.join(", ")}.${also}`;
  return { kinds, notes: [{ code: "NOT_IN_MODEL", text }] };
}

/** The layers that have a part, of all. */
export function layersWith(model: AnalysisModel, part: Part): number[] {
  if (part === "residual") return range(model.anatomy.layers);
  const names = new Set(model.sites().map(({ site }) => site));
  return range(model.anatomy.layers).filter((layer) => names.has(siteOf(part, layer)));
}
