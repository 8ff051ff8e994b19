/** With which weights a recurrence mixes its inputs: what its states are, when they remember each input by itself. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** A site of the mixer, without the axis of the batch. */
export type ReadSite = (name: string) => MxArray;

/** Heads that are written under keys and read with queries; all (position, …). */
interface ByHead {
  readonly decay: MxArray; // (position, heads)
  readonly strength: MxArray; // (position, heads): of what is written
  readonly keys: MxArray; // (position, groups, state)
  readonly queries: MxArray; // (position, groups, state)
  /** Whether what is remembered under a key is moved towards the value, and not added to. */
  readonly corrects: boolean;
}

/** Mamba 2: (heads, query, key) */
export const ofHeads = (site: ReadSite): MxArray =>
  headWeights({
    ...{ decay: site("decay"), strength: site("delta"), corrects: false },
    ...{ keys: site("B"), queries: site("C") },
  });

/** Gated delta layers: (heads, query, key) */
export const ofDeltas = (site: ReadSite): MxArray =>
  headWeights({
    ...{ decay: site("decay"), strength: site("beta"), corrects: true },
    ...{ keys: site("k"), queries: site("q") },
  });

/**
 * The state remembers, under each direction, how much of every input is in it. Position by position, so that nothing is divided.
 *
 * @returns (heads, query, key)
 */
function headWeights({ decay, strength, keys, queries, corrects }: ByHead): MxArray {
  const [length, heads] = decay.shape;
  const wide = (x: MxArray) => mx.repeat(x, heads / x.shape[1], 1); // (position, heads, state)
  const [k, q] = [wide(keys), wide(queries)];
  let state = mx.zeros([heads, length, k.shape[2]]);
  const rows: MxArray[] = [];
  for (let position = 0; position < length; position++) {
    const key = k.index(position).reshape([heads, -1, 1]);
    const kept = mx.multiply(decay.index(position).reshape([heads, 1, 1]), state);
    const own = oneHot(position, length).reshape([1, length, 1]);
    const entering = corrects ? mx.subtract(own, mx.matmul(kept, key)) : own;
    const taken = mx.multiply(strength.index(position).reshape([heads, 1, 1]), entering);
    state = mx.add(kept, mx.multiply(taken, key.swapaxes(1, 2)));
    rows.push(mx.matmul(state, q.index(position).reshape([heads, -1, 1])).squeeze(2));
  }
  return mx.stack(rows, 1);
}

/**
 * Mamba: each channel has weights of its own, of which this is the mean.
 *
 * @returns (1, query, key)
 */
export function ofChannels(site: ReadSite): MxArray {
  const [decay, delta, B, C] = ["decay", "delta", "B", "C"].map(site);
  const [length, channels, size] = decay.shape;
  let state = mx.zeros([length, channels, size]);
  const rows: MxArray[] = [];
  for (let position = 0; position < length; position++) {
    const at = (x: MxArray) => x.index(position);
    const taken = mx.multiply(mx.expandDims(at(delta), 1), mx.expandDims(at(B), 0));
    const own = mx.multiply(oneHot(position, length).reshape([length, 1, 1]), taken);
    state = mx.add(mx.multiply(at(decay), state), own);
    const read = mx.matmul(state, mx.expandDims(at(C), 1)).squeeze(2); // (key, channels)
    rows.push(mx.mean(read, 1));
  }
  return mx.expandDims(mx.stack(rows, 0), 0);
}

/**
 * Gated linear recurrences (RecurrentGemma): each channel lets in a share of its signal and forgets at a rate of its own; the
 * mean over channels. The first token has nothing to forget, and is let in whole.
 *
 * @returns (1, query, key)
 */
export function ofGates(site: ReadSite): MxArray {
  const [decay, opened] = ["decay", "inputGate"].map(site);
  const [length, channels] = decay.shape;
  const room = mx.sqrt(mx.subtract(1, mx.square(decay)));
  let state = mx.zeros([length, channels]);
  const rows: MxArray[] = [];
  for (let position = 0; position < length; position++) {
    const gate = opened.index(position);
    const taken = position === 0 ? gate : mx.multiply(gate, room.index(position));
    const own = mx.multiply(oneHot(position, length).reshape([length, 1]), taken);
    state = mx.add(mx.multiply(decay.index(position), state), own);
    rows.push(mx.mean(state, 1));
  }
  return mx.expandDims(mx.stack(rows, 0), 0);
}

function oneHot(position: number, length: number): MxArray {
  return mx.equal(mx.arange(0, length, 1, mx.int32), position).astype(mx.float32);
}
