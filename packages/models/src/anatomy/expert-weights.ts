/** The weights of MLPs that are one of several. */
import type { MxArray } from "@mlxterp/mlx";
import type { MixtureOfExperts } from "../decoder/experts/moe.js";
import type { Mlp } from "../decoder/mlp/mlp.js";
import { fullWeight } from "../packed/full-weight.js";
import { biasOf } from "./bias-of.js";

/** One MLP's matrices, oriented so that activations multiply from the left. */
export interface MlpWeights {
  /** (hidden, mlpHidden) */
  readonly W_in: MxArray;
  /** (hidden, mlpHidden); its product enters the nonlinearity, that of `W_in` multiplies the activations */
  readonly W_gate: MxArray | undefined;
  /** (mlpHidden, hidden) */
  readonly W_out: MxArray;
  /** (mlpHidden) */
  readonly b_in: MxArray | undefined;
  /** (mlpHidden) */
  readonly b_gate: MxArray | undefined;
  /** (hidden) */
  readonly b_out: MxArray | undefined;
}

export function mlpWeights({ upProj, gateProj, downProj }: Mlp): MlpWeights {
  return {
    W_in: fullWeight(upProj).T,
    W_gate: gateProj && fullWeight(gateProj).T,
    W_out: fullWeight(downProj).T,
    b_in: biasOf(upProj),
    b_gate: gateProj && biasOf(gateProj),
    b_out: biasOf(downProj),
  };
}

/** In the order of `expertIndices`' numbers. */
export function expertWeights({
  experts,
  upProj,
  gateProj,
  downProj,
}: MixtureOfExperts): MlpWeights[] {
  const [up, gate, down] = [upProj, gateProj, downProj].map(fullWeight); // (experts, out, in)
  return Array.from({ length: experts }, (_, expert) => ({
    W_in: up.index(expert).T,
    W_gate: gate.index(expert).T,
    W_out: down.index(expert).T,
    b_in: upProj.bias?.index(expert),
    b_gate: gateProj.bias?.index(expert),
    b_out: downProj.bias?.index(expert),
  }));
}
