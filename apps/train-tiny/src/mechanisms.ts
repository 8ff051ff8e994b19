/** Looks for the circuits: what each head attends to, and what is lost when it is silenced. */
import { headScores, headTypes } from "@mlxterp/analysis";
import type { Interventions } from "@mlxterp/core";
import { atHeads, zeroOut } from "@mlxterp/interventions";
import type { LanguageModel } from "@mlxterp/models";
import { ask, measureCopies, repeatWords } from "./evaluate-abilities.js";
import type { Questions } from "./questions.js";
import { seededRandom } from "./random.js";

export interface Head {
  readonly layer: number;
  readonly head: number;
}

/** One head, with its mean attention on repeated random words and what is left without it. */
export interface HeadReport extends Head {
  /** To the token after the previous occurrence of the current one, where there is one. */
  readonly induction: number;
  /** To the token before the current one. */
  readonly previous: number;
  /** To the current token itself. */
  readonly current: number;
  /** Loss on the second copy when it writes nothing, in nats. */
  readonly copyLoss: number;
  /** Share of indirect-object questions still answered. */
  readonly indirectObject: number;
}

/** Two heads silenced together. */
export interface PairReport {
  readonly heads: readonly [Head, Head];
  /** Loss on the second copy, in nats. */
  readonly copyLoss: number;
}

export interface Mechanisms {
  readonly heads: readonly HeadReport[];
  /** The two strongest induction heads. */
  readonly inductionPair: PairReport;
  /** Random pairs of other heads. */
  readonly otherPairs: readonly PairReport[];
}

const draws = 12;

/** `1.3`: layer and head. */
export function headName({ layer, head }: Head): string {
  return `${layer}.${head}`;
}

/** Zeroes what some heads write. */
function silence(heads: readonly Head[]): Interventions {
  const layers = [...new Set(heads.map(({ layer }) => layer))];
  return Object.fromEntries(
    layers.map((layer) => {
      const own = heads.filter((one) => one.layer === layer).map(({ head }) => head);
      return [`layers.${layer}.selfAttn.z`, atHeads(own, zeroOut())];
    }),
  );
}

/** Scores every head, silences each alone, then the best induction heads and random others in pairs. */
export async function findMechanisms(
  model: LanguageModel,
  { randomSequences, indirectObject }: Questions,
): Promise<Mechanisms> {
  const copyLossWithout = async (silenced: readonly Head[]) =>
    (await measureCopies(model, randomSequences, silence(silenced))).second;
  const types = await headTypes(model, randomSequences.map(repeatWords));
  const heads: HeadReport[] = [];
  for (const { layer, head, scores } of headScores(types)) {
    const { induction, previousToken: previous, currentToken: current } = scores;
    const one = { layer, head, induction, previous, current };
    const { best } = await ask(model, indirectObject, silence([one]));
    heads.push({ ...one, copyLoss: await copyLossWithout([one]), indirectObject: best });
  }
  const reportPair = async (pair: readonly Head[]): Promise<PairReport> => {
    const [first, second] = pair;
    return { heads: [first, second], copyLoss: await copyLossWithout(pair) };
  };
  const ranked = [...heads].sort((left, right) => right.induction - left.induction);
  const random = seededRandom("other pairs");
  const otherPairs: PairReport[] = [];
  for (let draw = 0; draw < draws; draw++) {
    otherPairs.push(await reportPair(random.sample(ranked.slice(2), 2)));
  }
  return { heads, inductionPair: await reportPair(ranked.slice(0, 2)), otherPairs };
}
