/** Gradients of a module's parameters, which leave the module with the arrays that it had. */
import type { Mx } from "./types/core.js";
import type { ArrayTree, Module, Nn } from "./types/nn.js";

type Parameters = { [key: string]: ArrayTree };

/**
 * The binding's layers, with a `valueAndGrad` of our own: the newer binding's throws the old parameters away, also those
 * that something else holds, as tied weights do.
 */
export function layersOf({ core, nn }: { readonly core: Mx; readonly nn: Nn }): Nn {
  return Object.create(nn, {
    valueAndGrad: {
      enumerable: true,
      value<A extends unknown[]>(model: Module, f: (...inputs: A) => unknown) {
        return (...inputs: A) => differentiate(core, model, f, inputs);
      },
    },
  });
}

function differentiate<A extends unknown[]>(
  core: Mx,
  model: Module,
  f: (...inputs: A) => unknown,
  inputs: A,
): unknown {
  const parameters = model.trainableParameters();
  const inside = (traced: Parameters, ...rest: A) => {
    model.update(traced);
    return f(...rest) as never;
  };
  try {
    return core.valueAndGrad(inside)(parameters, ...inputs);
  } finally {
    model.update(parameters); // a later pass would compute the traced ones once more
  }
}
