/** What a state-space model remembers of the tokens it has seen, for generation. */
import type { MxArray } from "@mlxterp/mlx";

/** One layer's memory; its size does not grow. */
export class MixerCache {
  /** The last inputs of the convolution, (batch, kernel - 1, channels). */
  window: MxArray | undefined;
  /** (batch, channels, state) */
  state: MxArray | undefined;
}

/**
 * The memory of one sequence or batch. Pass it to every `forward`; it then takes only the new tokens.
 *
 * @example
 * const cache = new StateCache();
 * mamba.forward(prompt, { cache });
 * mamba.forward(next, { cache }); // (batch, 1)
 */
export class StateCache {
  readonly #layers: MixerCache[] = [];
  /** Positions seen so far. */
  length = 0;

  /** The memory of one layer, made at its first use. */
  layer(index: number): MixerCache {
    this.#layers[index] ??= new MixerCache();
    return this.#layers[index];
  }

  /** Everything held, to be evaluated together with what a step computes. */
  arrays(): MxArray[] {
    return this.#layers.flatMap(({ window, state }) =>
      [window, state].filter((array) => array !== undefined),
    );
  }
}
