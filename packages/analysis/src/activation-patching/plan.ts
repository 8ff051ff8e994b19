/** Which patched runs a request means, in the order a sweep takes them. */
import type { AnalysisModel } from "../shared/model.js";
import { select } from "../shared/select.js";
import type { AskedPatching } from "./options.js";
import type { PatchColumn, PatchKind } from "./result.js";

/** One patched run. */
export interface Patch extends PatchColumn {
  readonly kind: PatchKind;
  readonly layer: number;
}

/** The cells of one matrix. */
export interface MatrixPlan {
  readonly kind: PatchKind;
  readonly layers: readonly number[];
  readonly columns: readonly PatchColumn[];
}

/** What of a layer each kind patches. */
const siteNames: Readonly<Record<PatchKind, string>> = {
  residual: "input",
  attention: "selfAttn",
  mlp: "mlp",
  head: "selfAttn.z",
};

/** The site that patches of a kind act on. */
export function patchSite(kind: PatchKind, layer: number | "*"): string {
  return `layers.${layer}.${siteNames[kind]}`;
}

type Chosen = Pick<AskedPatching, "kinds" | "layers" | "positions" | "heads">;

/**
 * The matrices of a request.
 *
 * @param length of the prompts, in tokens
 * @throws OutOfRangeError (`OUT_OF_RANGE`)
 */
export function planMatrices(model: AnalysisModel, length: number, chosen: Chosen): MatrixPlan[] {
  const layers = select("Layer", chosen.layers, model.anatomy.layers);
  return [chosen.kinds].flat().map((kind) => {
    const wanted = chosen.positions ?? (kind === "head" ? "all" : "each");
    const positions =
      wanted === "all"
        ? [null]
        : select("Position", wanted === "each" ? undefined : wanted, length, "a prompt");
    const heads = kind === "head" ? select("Head", chosen.heads, model.anatomy.heads) : [null];
    const columns = heads.flatMap((head) => positions.map((position) => ({ head, position })));
    return { kind, layers, columns };
  });
}

/** Every cell of a matrix as a patched run, row by row. */
export function patchesOf({ kind, layers, columns }: MatrixPlan): Patch[] {
  return layers.flatMap((layer) => columns.map((column) => ({ kind, layer, ...column })));
}
