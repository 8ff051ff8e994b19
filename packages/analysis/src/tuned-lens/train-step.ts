/** One update of every translator of a tuned lens: the divergence, its gradient, and Adam. */
import type { Anatomy } from "@mlxterp/core";
import { evaluate, logProbabilities, type MxArray, mx } from "@mlxterp/mlx";

/** One translator as it is trained: weights and bias in one matrix, with Adam's two moments. */
export interface TranslatorState {
  /** (hidden + 1, hidden): the transposed weight, and below it the bias */
  readonly value: MxArray;
  readonly first: MxArray;
  readonly second: MxArray;
}

/** A translator that changes nothing yet. */
export function untrained(hidden: number): TranslatorState {
  const zeros = () => mx.zeros([hidden + 1, hidden]);
  return { value: zeros(), first: zeros(), second: zeros() };
}

/**
 * The mean over rows of KL(final ‖ lens), in nats.
 *
 * @param state (rows, hidden)
 * @param final (rows, vocab), probabilities
 */
export function lensLoss(
  anatomy: Anatomy,
  value: MxArray,
  state: MxArray,
  final: MxArray,
): MxArray {
  const { hidden } = anatomy;
  const moved = mx.addmm(value.index(hidden), state, value.index(mx.Slice(0, hidden)));
  return mx.mean(divergences(anatomy, mx.add(state, moved), final));
}

/**
 * KL(final ‖ what is read of these states) of every row in nats, (rows). Lazy.
 *
 * @param states (rows, hidden), as the lens hands them to the final norm
 * @param final (rows, vocab), probabilities
 */
export function divergences(anatomy: Anatomy, states: MxArray, final: MxArray): MxArray {
  const own = logProbabilities(anatomy.unembed(anatomy.finalNorm(states)));
  const surprise = mx.subtract(mx.log(mx.maximum(final, 1e-37)), own);
  return mx.sum(mx.multiply(final, surprise), 1);
}

const [decay, squareDecay, epsilon] = [0.9, 0.999, 1e-8];

/**
 * Adam (Kingma & Ba 2015).
 *
 * @param step from 1
 * @returns the translator after the step and the loss before it, computed
 */
export async function updated(
  anatomy: Anatomy,
  translator: TranslatorState,
  { state, final }: { readonly state: MxArray; readonly final: MxArray },
  { step, rate }: { readonly step: number; readonly rate: number },
): Promise<{ readonly translator: TranslatorState; readonly loss: number }> {
  const loss = (value: MxArray) => lensLoss(anatomy, value, state, final);
  const [before, gradient] = mx.valueAndGrad(loss)(translator.value);
  const first = mx.add(mx.multiply(translator.first, decay), mx.multiply(gradient, 1 - decay));
  const second = mx.add(
    mx.multiply(translator.second, squareDecay),
    mx.multiply(mx.square(gradient), 1 - squareDecay),
  );
  const size = rate / (1 - decay ** step);
  const spread = mx.add(mx.sqrt(mx.divide(second, 1 - squareDecay ** step)), epsilon);
  const value = mx.subtract(translator.value, mx.multiply(mx.divide(first, spread), size));
  await evaluate([before, value, first, second]);
  return { translator: { value, first, second }, loss: Number(before.item()) };
}
