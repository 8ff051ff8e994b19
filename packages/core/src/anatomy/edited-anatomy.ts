/** The anatomy of an edited view: where an edit acts on the final norm, the head or the output, so do its functions. */
import type { MxArray } from "@mlxterp/mlx";
import type { Interventions } from "../pass/intervention.js";
import type { Anatomy } from "./anatomy.js";
import { layerLists, norms } from "./usual-names.js";

/** What is asked of a view. */
export interface Readout {
  /** Names of the sites that its edits act on. */
  edited(): readonly string[];
  /** Whether it has a module of this path. */
  has(path: string): boolean;
  /** One value of a pass in which others are put in place; nothing is computed. */
  read(pass: ReadoutPass): MxArray;
}

export interface ReadoutPass {
  /** (batch, position) */
  readonly ids: number[][];
  /** What acts before the view's edits, and after them. */
  readonly before?: Interventions;
  readonly after?: Interventions;
  /** The site that is read; the output by default. */
  readonly site?: string;
}

/**
 * What `finalNorm` and `unembed` make of a residual stream must be what a pass of the view makes of it. So they are passes, with
 * the stream put in place: everything below it is built and never computed. A view whose edits stay inside of its layers
 * reads as its model does.
 *
 * @param anatomy of the model without edits
 */
export function editedAnatomy(anatomy: Anatomy, readout: Readout): Anatomy {
  let own: Partial<Anatomy> | undefined;
  return new Proxy(anatomy, {
    get: (target, key: keyof Anatomy) => {
      const part = target[key];
      if (key !== "finalNorm" && key !== "unembed") return part;
      own ??= readingParts(anatomy, readout);
      return own[key] ?? part;
    },
  });
}

/** The functions that differ from those of the model, if any do. */
function readingParts(anatomy: Anatomy, { edited, has, read }: Readout): Partial<Anatomy> {
  const layers = layerLists.find((name) => has(`${name}.0`));
  const norm = norms.find(has);
  const last = layers && `${layers}.${anatomy.layers - 1}`;
  const end = norm ?? last;
  if (!end || edited().every((site) => layers && site.startsWith(`${layers}.`))) return {};
  return {
    unembed: (x) => asBatch(x, (ids, value) => read({ ids, after: { [end]: value } })),
    ...(norm && {
      finalNorm: (x) =>
        asBatch(x, (ids, value) => read({ ids, before: { [`${norm}.input`]: value }, site: norm })),
    }),
  };
}

/** @param x (…, position, hidden); the vectors of a matrix are batches of one position */
function asBatch(x: MxArray, use: (ids: number[][], value: () => MxArray) => MxArray): MxArray {
  const leading = x.shape.slice(0, -1);
  const positions = leading.length < 2 ? 1 : leading[leading.length - 1];
  const rows = leading.reduce((product, size) => product * size, 1) / positions;
  const ids = Array.from({ length: rows }, () => new Array<number>(positions).fill(0));
  const made = use(ids, () => x.reshape([rows, positions, x.shape[leading.length]]));
  return made.reshape([...leading, made.shape[2]]);
}
