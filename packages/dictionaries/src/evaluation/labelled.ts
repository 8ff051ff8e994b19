/** Rows with a concept or without it, in two halves: one to choose on, one to judge on. */
import { checkBoolean, checkReal, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { generator } from "../synthetic/generator.js";

interface LabelledRows {
  readonly x: MxArray;
  readonly labels: readonly number[];
}

export interface LabelledHalves {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for other labels than rows, or too few of either kind */
export function halves(x: MxArray, labels: readonly boolean[], seed: number): LabelledHalves {
  const { shape } = checkReal("x", x);
  if (!Array.isArray(labels) || shape.length !== 2 || shape[0] !== labels.length) {
    const rule = `one for each row is needed, and x has shape [${shape.join(", ")}].`;
    throw new InvalidArgumentError("labels", labels, rule);
  }
  for (const [row, label] of labels.entries()) checkBoolean(`labels[${row}]`, label);
  const kinds = [true, false].map((kind) => [...labels.keys()].filter((at) => labels[at] === kind));
  if (kinds.some(({ length }) => length < 4)) {
    const rule = `4 rows of either kind are needed; there are ${kinds[0].length} true and ${kinds[1].length} false.`;
    throw new InvalidArgumentError("labels", labels, rule);
  }
  const draw = generator(seed);
  const mixed = kinds.map((own) => shuffled(own, draw.uniform));
  const part = (from: number, to: number): LabelledRows => {
    const rows = mixed.flatMap((own) => {
      return own.slice(Math.floor(from * own.length), Math.floor(to * own.length));
    });
    const places = mx.array(rows, mx.int32);
    return { x: mx.take(x, places, 0), labels: rows.map((row) => Number(labels[row])) };
  };
  return { train: part(0, 0.5), test: part(0.5, 1) };
}

function shuffled(items: readonly number[], uniform: () => number): number[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(uniform() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}
