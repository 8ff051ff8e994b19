/** The names of what can be patched; loads nothing, so that schemas can list them. */
export const patchKinds = [
  "residual",
  "residualMid",
  "attention",
  "mixer",
  "mlp",
  "head",
  "query",
  "key",
  "value",
  "pattern",
  "neuron",
  "expert",
] as const;

export type PatchPart = (typeof patchKinds)[number];
