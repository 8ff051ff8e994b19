/** All that writes, laid out so that what a batch of targets is moved by it is one product for each layer. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import type { LinearEffects } from "./linear-effects.js";
import type { Replacement } from "./replacement.js";
import type { ActiveFeature } from "./taken-apart.js";

/** Sources in the order features, errors (layer by layer), tokens. */
export interface Sources {
  readonly count: number;
  /** The edges of a batch of targets, row by row. */
  edges(effects: LinearEffects): Promise<Float32Array[]>;
}

/** What is written into one layer, or by the tokens, position by position: as many places at each as where there are most. */
interface Written {
  readonly rows: MxArray; // (position, places, hidden)
  /** The source of each place; −1 where nothing is. */
  readonly columns: Int32Array; // (position · places)
}

export function sourcesOf(transcoders: Transcoders, replacement: Replacement): Sources {
  const { active, embeddings, layers, ids } = replacement;
  const tokensFrom = active.length + layers * ids.length;
  const written = Array.from({ length: layers }, (_, layer) =>
    writtenInto(layer, transcoders, replacement),
  );
  const [length, hidden] = embeddings.shape;
  const tokens: Written = {
    rows: embeddings.reshape([length, 1, hidden]),
    columns: Int32Array.from({ length }, (_, position) => tokensFrom + position),
  };
  const count = tokensFrom + length;
  return {
    count,
    async edges({ layers: effects, embeddings: ofTokens }) {
      const pairs = [
        ...effects.map((effect, layer) => ({ effect, from: written[layer] })),
        { effect: ofTokens, from: tokens },
      ];
      const products = pairs.map(({ effect, from }) => productOf(effect, from));
      const all = mx.concatenate(products, 0);
      await evaluate([all]);
      const [targets, positions] = ofTokens.shape;
      const rows = { targets, positions, count };
      return scattered(
        toFlat(all),
        pairs.map(({ from }) => from),
        rows,
      );
    },
  };
}

/** @param effect (targets, position, hidden), of some of the first positions; returns (position · targets · places) */
function productOf(effect: MxArray, { rows }: Written): MxArray {
  const own = rows.index(mx.Slice(0, effect.shape[1]));
  const product = mx.matmul(effect.transpose(1, 0, 2), own.transpose(0, 2, 1));
  return product.reshape([product.size]);
}

function scattered(
  values: ArrayLike<number>,
  all: readonly Written[],
  {
    targets,
    positions,
    count,
  }: { readonly targets: number; readonly positions: number; readonly count: number },
): Float32Array[] {
  const edges = Array.from({ length: targets }, () => new Float32Array(count));
  let at = 0;
  for (const { rows, columns } of all) {
    const [, places] = rows.shape;
    for (let position = 0; position < positions; position++) {
      for (const row of edges) {
        for (let place = 0; place < places; place++, at++) {
          const column = columns[position * places + place];
          if (column >= 0) row[column] += values[at];
        }
      }
    }
  }
  return edges;
}

/** What features write into a layer at their activation, and its error. */
function writtenInto(
  layer: number,
  transcoders: Transcoders,
  { active, errors, layers, ids }: Replacement,
): Written {
  const positions = ids.length;
  const numbers = Array.from({ length: positions }, (): number[] => []); // of the table's rows
  const columns: number[] = [];
  const tables: MxArray[] = [];
  for (let from = 0; from < layers; from++) {
    const write = transcoders.writes(from).find((one) => one.layer === layer);
    const own = [...active.keys()].filter((number) => active[number].layer === from);
    if (!write || own.length === 0) continue;
    tables.push(
      rowsOf(
        own.map((number) => active[number]),
        write.directions,
      ),
    );
    for (const number of own) numbers[active[number].position].push(columns.push(number) - 1);
  }
  for (let position = 0; position < positions; position++) {
    numbers[position].push(columns.push(active.length + layer * positions + position) - 1);
  }
  const [, hidden] = errors[layer].shape;
  const table = mx.concatenate([...tables, errors[layer], mx.zeros([1, hidden])], 0);
  return padded(numbers, columns, table);
}

function rowsOf(features: readonly ActiveFeature[], directions: MxArray): MxArray {
  const places = mx.array(
    features.map(({ feature }) => feature),
    mx.int32,
  );
  const sizes = mx.array(features.map(({ activation }) => [activation]));
  return mx.multiply(mx.take(directions, places, 0), sizes);
}

/** @param table (rows, hidden), whose last row is nothing */
function padded(
  numbers: readonly (readonly number[])[],
  columns: readonly number[],
  table: MxArray,
): Written {
  const [rows, hidden] = table.shape;
  const places = Math.max(...numbers.map(({ length }) => length));
  const each = numbers.flatMap((own) =>
    Array.from({ length: places }, (_, place) => own[place] ?? rows - 1),
  );
  const taken = mx.take(table, mx.array(each, mx.int32), 0);
  return {
    rows: taken.reshape([numbers.length, places, hidden]),
    columns: Int32Array.from(each, (number) => columns[number] ?? -1),
  };
}
