/** Which patched runs a request means: for each kind a matrix of layers × columns. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { factsOf, layersOf, type Part, siteOf } from "../patching/parts.js";

import type { Change } from "../patching/runs.js";
import { type Shapes, shapesOf } from "../patching/shapes.js";
import type { AnalysisModel } from "../shared/model.js";
import { select } from "../shared/select.js";
import type { AskedPatching } from "./options.js";
import type { PatchColumn } from "./result.js";

/** The cells of one matrix. */
export interface MatrixPlan {
  readonly kind: Part;
  /** What its units are called; undefined where it has none. */
  readonly unit: string | undefined;
  readonly layers: readonly number[];
  readonly columns: readonly PatchColumn[];
  /** Query heads that share a key and a value, where each is patched by itself. */
  readonly group: number | undefined;
}

type Chosen = Pick<
  AskedPatching,
  "kinds" | "layers" | "positions" | "heads" | "ungrouped" | "neurons" | "experts"
>;

/**
 * The matrices of a request.
 *
 * @param ids a prompt, to see how large things are; nothing is computed
 * @param positions those that can be patched one by one
 * @throws OutOfRangeError (`OUT_OF_RANGE`); InvalidArgumentError (`INVALID_ARGUMENT`) for what layers do not have
 */
export function planMatrices(
  model: AnalysisModel,
  ids: readonly number[],
  positions: readonly number[],
  chosen: Chosen,
): MatrixPlan[] {
  const kinds = [...new Set([chosen.kinds].flat())] as Part[];
  const layers = kinds.map((kind) => layersOf(model, kind, chosen.layers));
  const sites = kinds.flatMap((kind, at) => {
    const { unit } = factsOf(kind);
    const own: Part[] = unit === "kvHead" ? [kind, "head"] : [kind];
    return unit ? layers[at].flatMap((layer) => own.map((one) => siteOf(one, layer))) : [];
  });
  const shapes = shapesOf(model, ids, sites);
  return kinds.map((kind, at) => planOf(kind, { layers: layers[at], shapes, positions, chosen, length: ids.length })); // biome-ignore format: one call
}

interface Known {
  readonly layers: readonly number[];
  readonly shapes: Shapes;
  readonly positions: readonly number[];
  readonly chosen: Chosen;
  readonly length: number;
}

function planOf(kind: Part, known: Known): MatrixPlan {
  const { layers, positions, chosen, length } = known;
  const facts = factsOf(kind);
  const wanted = chosen.positions ?? (facts.unit ? "all" : "each");
  const places = wanted === "all" ? [null] : chosenPositions(wanted, positions, length);
  const size = facts.unit && unitsOf(kind, known);
  const heads = facts.unit === "kvHead" ? unitsOf("head", known) : 0;
  const ungrouped = facts.unit === "kvHead" && (chosen.ungrouped || size === heads);
  const unit = ungrouped ? "head" : facts.unit;
  const group = ungrouped && size !== heads ? heads / size! : undefined;
  const units = unit ? chosenUnits(unit, ungrouped ? heads : size!, chosen) : [null];
  const columns = units.flatMap((one) => places.map((position) => ({ unit: one, position })));
  return { kind, unit, layers, columns, group };
}

function chosenPositions(
  wanted: "each" | readonly number[],
  positions: readonly number[],
  length: number,
): readonly number[] {
  if (wanted === "each") return positions;
  const asked = select("Position", wanted, length, "a prompt");
  const missing = asked.find((position) => !positions.includes(position));
  if (missing === undefined) return asked;
  const rule = `position ${missing} stands for nothing in the other prompt, whose span is shorter; choose among ${positions.join(", ")}.`;
  throw new InvalidArgumentError("positions", missing, rule);
}

/** How many units a kind has in these layers. */
function unitsOf(kind: Part, { layers, shapes }: Known): number {
  const { layout, unit } = factsOf(kind);
  const sizes = layers.map((layer) => {
    const shape = shapes.get(siteOf(kind, layer))!; // asked for above
    if (layout === "units" && shape.length !== 3) {
      const rule = `layer ${layer} is a mixture of experts, whose neurons depend on the token's experts; patch "expert" or "mlp" there.`;
      throw new InvalidArgumentError("kinds", kind, rule);
    }
    return shape[layout === "unitFirst" ? 1 : 2];
  });
  const other = sizes.findIndex((size) => size !== sizes[0]);
  if (other < 0) return sizes[0];
  const rule = `layer ${layers[0]} has ${sizes[0]} of them (${unit}) and layer ${layers[other]} ${sizes[other]}, which make no grid; choose layers that have as many.`;
  throw new InvalidArgumentError("layers", layers, rule);
}

function chosenUnits(unit: string, size: number, chosen: Chosen): number[] {
  switch (unit) {
    case "neuron":
      return select("Neuron", chosen.neurons, size);
    case "expert":
      return select("Expert", chosen.experts, size);
    default:
      return select(unit === "kvHead" ? "Key/value head" : "Head", chosen.heads, size);
  }
}

/** What is changed in one cell. */
export interface CellChange extends Pick<Change, "part" | "layer" | "positions" | "units"> {
  /** Whether this is kept as the unchanged run has it, not taken from the source. */
  readonly keeps: boolean;
}

/** Every cell of a matrix, row by row. Of a head's own copy of a shared key, the other heads of its group keep what they mixed. */
export function cellsOf({ kind, layers, columns, group }: MatrixPlan): CellChange[][] {
  return layers.flatMap((layer) =>
    columns.map(({ unit, position }): CellChange[] => {
      const positions = position === null ? null : [position];
      const own = { part: kind, layer, positions, keeps: false };
      if (unit === null || group === undefined) {
        return [{ ...own, units: unit === null ? null : [unit] }];
      }
      const shared = Math.floor(unit / group);
      const heads = Array.from({ length: group }, (_, at) => shared * group + at);
      const others = heads.filter((head) => head !== unit);
      return [
        { ...own, units: [shared] },
        { part: "head", layer, positions: null, units: others, keeps: true },
      ];
    }),
  );
}
