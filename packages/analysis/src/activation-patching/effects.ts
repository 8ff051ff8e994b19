/** From metrics of patched runs to effects on the scale between the two baselines. */
import { mean } from "../shared/lists.js";
import type { Matrix, PatchBaseline, PatchEffect } from "./result.js";

/** Arranges a matrix's scores, given row by row, and normalizes them. */
export function effectOf(
  scores: readonly number[],
  columns: number,
  baseline: PatchBaseline,
): PatchEffect {
  const raw = Array.from({ length: scores.length / columns }, (_, row) =>
    scores.slice(row * columns, (row + 1) * columns),
  );
  return { raw, normalized: normalize(raw, baseline) };
}

/** The mean of each baseline over pairs. */
export function meanBaseline(list: readonly PatchBaseline[]): PatchBaseline {
  return {
    clean: mean(list.map(({ clean }) => clean)),
    corrupted: mean(list.map(({ corrupted }) => corrupted)),
  };
}

/** The mean over pairs; its normalized form is that of the mean, so that a pair with a small baseline does not dominate. */
export function averageEffects(
  effects: readonly PatchEffect[],
  baseline: PatchBaseline,
): PatchEffect {
  const raw = effects[0].raw.map((row, layer) =>
    row.map((_, column) => mean(effects.map((effect) => effect.raw[layer][column]))),
  );
  return { raw, normalized: normalize(raw, baseline) };
}

function normalize(raw: Matrix, { clean, corrupted }: PatchBaseline): Matrix {
  return raw.map((row) => row.map((score) => (score - corrupted) / (clean - corrupted)));
}
