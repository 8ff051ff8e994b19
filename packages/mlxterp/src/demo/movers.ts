/** Which heads move the answer, measured three ways: patched, written, looked at. */
import type { AttentionResult, AttributionResult, PatchingResult } from "@mlxterp/analysis";
import type { LanguageModel } from "@mlxterp/models";
import { rowsOf, valueAt } from "@mlxterp/results";
import { allHeads, type Head, type Story } from "./story.js";

/** What one head has to do with the answer. */
export interface Mover extends Head {
  /** Share of the lead that comes back when the clean value is patched into the corrupted run. */
  readonly restored: number;
  /** Logits that it writes to the lead itself, past all later parts. */
  readonly written: number;
  /** Where the last token looks most. */
  readonly looksAt: string;
  readonly weight: number;
}

/** Before each layer, the position that carries most of the difference. */
export interface Station {
  readonly layer: number;
  readonly position: number;
  readonly restored: number;
}

export interface Movers {
  /** Most effect first. */
  readonly heads: readonly Mover[];
  readonly path: readonly Station[];
  /** The tokens of the clean sentence. */
  readonly pieces: readonly string[];
}

/** The results behind the numbers, for pictures. */
export interface MoverResults {
  readonly patching: PatchingResult;
  readonly attribution: AttributionResult;
  readonly attention: AttentionResult;
}

/** Patches every head and position, and attributes the clean prediction to the heads. */
export async function measureMovers(
  model: LanguageModel,
  { clean, corrupted, answer, wrong: wrongAnswer }: Story,
  signal: AbortSignal,
): Promise<MoverResults> {
  const analysis = await import("@mlxterp/analysis");
  const names = { answer, wrongAnswer, signal };
  const kinds = ["residual", "head"] as const;
  const pair = { clean, corrupted };
  return {
    patching: await analysis.activationPatching(model, pair, { kinds, ...names }),
    attribution: await analysis.directLogitAttribution(model, clean, names),
    attention: await analysis.attentionPatterns(model, clean, { signal }),
  };
}

/** The few numbers of each head that the story needs. */
export async function summarizeMovers(
  model: LanguageModel,
  results: MoverResults,
): Promise<Movers> {
  return {
    heads: await moversOf(model, results),
    path: pathOf(results.patching),
    pieces: results.attention.fed[0].pieces,
  };
}

async function moversOf(
  model: LanguageModel,
  { patching, attribution, attention }: MoverResults,
): Promise<Mover[]> {
  const { attributionOf, headPatterns } = await import("@mlxterp/analysis");
  const patterns = headPatterns(attention);
  const [{ pieces }] = attention.fed;
  const size = pieces.length;
  const { heads: written } = attributionOf(attribution);
  const effects = patching.grids.head;
  const movers = allHeads(model).map(({ layer, head }, index): Mover => {
    const row = [...patterns[index].weights.subarray((size - 1) * size)]; // of the last token
    const weight = Math.max(...row);
    return {
      layer,
      head,
      restored: effects ? valueAt(effects, { layer, head, position: "all" }) : 0,
      written: written[layer][head],
      looksAt: pieces[row.indexOf(weight)],
      weight,
    };
  });
  return movers.sort((a, b) => b.restored - a.restored);
}

function pathOf({ grids: { residual } }: PatchingResult): Station[] {
  if (!residual) return [];
  return rowsOf(residual).map((row, layer) => {
    const restored = Math.max(...row);
    return { layer, position: row.indexOf(restored), restored };
  });
}
