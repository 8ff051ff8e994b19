/** What the machinery itself costs: a trace and an intervention on modules whose forwards compute nothing. */
import { InterpretableModel, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import type { Line } from "./measurement.js";
import { microseconds } from "./microseconds.js";

class Leaf extends nn.Module {
  override forward(x: MxArray): MxArray {
    return x;
  }
}

/** As many modules and taps as a decoder's layer has. */
class HollowLayer extends nn.Module {
  readonly leaves = Array.from({ length: 8 }, () => new Leaf());
  readonly taps = Array.from({ length: 14 }, () => new Tap(["batch", "position", "hidden"]));

  override forward(x: MxArray): MxArray {
    let y = x;
    for (const leaf of this.leaves) y = leaf.forward(y);
    for (const tap of this.taps) y = tap.forward(y);
    return y;
  }
}

class Hollow extends nn.Module {
  readonly layers = Array.from({ length: 12 }, () => new HollowLayer());

  override forward(x: MxArray): MxArray {
    let y = x;
    for (const layer of this.layers) y = layer.forward(y);
    return y;
  }
}

/** The machinery's own time, in microseconds. */
interface Overhead {
  /** Opening and closing a trace over 277 modules and taps with nothing saved, above the plain forward. */
  readonly emptyTrace: number;
  /** One intervention that returns its input. */
  readonly perIntervention: number;
}

export async function* overhead(): AsyncGenerator<Line> {
  const { emptyTrace, perIntervention } = await measureOverhead();
  const trace = "an empty trace of 12 layers, 277 modules, in µs";
  yield { what: trace, value: emptyTrace.toFixed(1), goal: "< 25" };
  yield { what: "one intervention, in µs", value: perIntervention.toFixed(2), goal: "< 5" };
}

/** Measures overhead without any array work: what remains is JavaScript. */
async function measureOverhead(): Promise<Overhead> {
  const hollow = new Hollow();
  const model = new InterpretableModel(hollow);
  const input = mx.zeros([1, 1, 4]);
  const interventions = Object.fromEntries(
    Array.from({ length: 12 }, (_, layer) => [`layers.${layer}`, (x: MxArray) => x]),
  );
  const { plain, trace, pass, changed } = await microseconds({
    plain: () => hollow.forward(input),
    trace: () => model.trace(input).dispose(),
    pass: () => model.collectLazily(input, {}),
    changed: () => model.collectLazily(input, { interventions }),
  });
  return { emptyTrace: trace - plain, perIntervention: (changed - pass) / 12 };
}
