/** Views of a model, made one from the other: each is to take as long as the first. */
import { addVector } from "@mlxterp/interventions";
import { mx } from "@mlxterp/mlx";
import { now } from "./clock.js";
import type { Line } from "./measurement.js";
import { smallNetwork } from "./network.js";

const edits = 400;
const part = edits / 4;

export async function* editing(): AsyncGenerator<Line> {
  let view = smallNetwork();
  const change = addVector(mx.zeros([192]));
  const times: number[] = [];
  for (let index = 0; index < edits; index++) {
    const start = now();
    view = view.edit({ "layers.3": change });
    times.push(now() - start);
  }
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  yield {
    what: `views edited one from the other, the last ${part} of ${edits} / the first`,
    value: (sum(times.slice(-part)) / sum(times.slice(0, part))).toFixed(2),
    goal: "≤ 1.5",
  };
}
