/** The recurrence of states that forget number by number, over a whole sequence in few steps. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** Up to this length one step per position is the fewest. */
const shortLength = 8;
const all = mx.Slice();

/**
 * `state[t] = decay[t] · state[t - 1] + write[t]` for every t. The sequence is cut into about √length pieces
 * that are scanned side by side; then each piece gets what the ones before it left. That takes 2√length steps in
 * place of length, and divides by nothing, so it is as exact as the plain loop.
 *
 * @param decay (batch, position, …), as wide as `write` or of width 1
 * @param write (batch, position, …)
 * @param before the state before the first position, (batch, …); default 0
 * @returns the state after each position, in the shape of `write`
 */
export function scanStates(decay: MxArray, write: MxArray, before?: MxArray): MxArray {
  const [batch, length, ...rest] = write.shape;
  if (length <= shortLength) return scanPlainly(decay, write, before);
  const size = Math.ceil(Math.sqrt(length));
  const pieces = Math.ceil(length / size);
  const cut = (x: MxArray, filler: number): MxArray =>
    padPositions(x, pieces * size, filler).reshape([batch, pieces, size, ...x.shape.slice(2)]);
  const { states, decays } = scanPieces(cut(decay, 1), cut(write, 0));
  const inherited = inheritance(states, decays, before);
  const complete = mx.add(states, mx.multiply(decays, mx.expandDims(inherited, 2)));
  return complete.reshape([batch, pieces * size, ...rest]).index(all, mx.Slice(0, length));
}

/** (batch, position, …) with so many positions, of which the last ones are filled. */
export function padPositions(x: MxArray, length: number, filler: number): MxArray {
  const missing = length - x.shape[1];
  if (missing === 0) return x;
  const widths = x.shape.map((_, axis) => [0, axis === 1 ? missing : 0] as [number, number]);
  return mx.pad(x, widths, filler);
}

function scanPlainly(decay: MxArray, write: MxArray, before?: MxArray): MxArray {
  const states: MxArray[] = [];
  let state = before;
  for (let position = 0; position < write.shape[1]; position++) {
    const written = write.index(all, position);
    const kept = state && mx.multiply(decay.index(all, position), state);
    state = kept ? mx.add(kept, written) : written;
    states.push(state);
  }
  return mx.stack(states, 1);
}

/**
 * Every piece from an empty state, (batch, piece, position, …): the states, and what is left at each
 * position of whatever came before the piece.
 */
function scanPieces(decay: MxArray, write: MxArray): { states: MxArray; decays: MxArray } {
  const states = [write.index(all, all, 0)];
  const decays = [decay.index(all, all, 0)];
  for (let position = 1; position < decay.shape[2]; position++) {
    const kept = decay.index(all, all, position);
    states.push(mx.add(mx.multiply(kept, states[position - 1]), write.index(all, all, position)));
    decays.push(mx.multiply(kept, decays[position - 1]));
  }
  return { states: mx.stack(states, 2), decays: mx.stack(decays, 2) };
}

/** The state with which each piece begins, (batch, piece, …). */
function inheritance(states: MxArray, decays: MxArray, before?: MxArray): MxArray {
  const first = states.index(all, 0, 0);
  const begun = [before ?? mx.zerosLike(first)];
  for (let piece = 1; piece < states.shape[1]; piece++) {
    const kept = mx.multiply(decays.index(all, piece - 1, -1), begun[piece - 1]);
    begun.push(mx.add(kept, states.index(all, piece - 1, -1)));
  }
  return mx.stack(begun, 1);
}
