/** The steps of a scan, in the order that each needs what is before it. */
import { uniformNumbers } from "@mlxterp/mlx";
import { bootstrapMean, formatPercent, type Note } from "@mlxterp/results";
import { activationPatching } from "../activation-patching/activation-patching.js";
import { attributionPatching } from "../attribution-patching/attribution-patching.js";
import { directLogitAttribution } from "../direct-logit-attribution/direct-logit-attribution.js";
import { ablateHeads } from "../head-ablation/ablate-heads.js";
import { headTypes } from "../head-types/head-types.js";
import { headScores } from "../head-types/result.js";
import { logitLens } from "../logit-lens/logit-lens.js";
import { layersWith } from "../patching/parts.js";
import type { AskedAnswer } from "../shared/answers.js";
import { attendingLayers } from "../shared/attending.js";
import { mean, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import type { GivenSpans } from "../shared/spans.js";
import { taskAccuracy } from "../task-accuracy/task-accuracy.js";
import type { AskedScan } from "./options.js";
import type { Finding } from "./result.js";

type Found = Omit<Finding, "rank">;

/** A head, or the MLP of a layer. */
export interface ScanNode {
  readonly layer: number;
  readonly head: number | null;
}

/** What is scanned, and what earlier steps leave for later ones. */
export interface Scanned {
  readonly model: AnalysisModel;
  readonly pairs: readonly PromptPair[];
  readonly input: {
    readonly clean: number[][];
    readonly corrupted: number[][];
    readonly spans?: readonly GivenSpans[];
  };
  readonly question: { readonly answer: AskedAnswer[]; readonly wrongAnswer: AskedAnswer[] };
  readonly asked: AskedScan;
  /** What its methods say that a reader must know. */
  notes: readonly Note[];
  /** Those that attribution ranks first. */
  nodes: readonly ScanNode[];
  /** The heads among them whose patch moved the answer by more than chance. */
  heads: readonly ScanNode[];
}

interface ScanStep {
  readonly step: string;
  readonly look: (scanned: Scanned) => Promise<Found[]>;
  /** Whether it cannot read answers of several tokens. */
  readonly readsOneToken?: boolean;
}

export const scanSteps: readonly ScanStep[] = [
  { step: "how well the task is done", look: lookAtTask },
  { step: "attribution of heads and MLPs", look: rankNodes },
  { step: "patching of what attribution ranks first", look: patchNodes },
  { step: "what writes towards the answer", look: lookAtWrites, readsOneToken: true },
  { step: "where the answer first leads", look: lookThroughLens, readsOneToken: true },
  { step: "what the heads look at", look: lookAtHeads },
  { step: "what is left without the heads", look: ablate },
];

const none = { low: null, high: null, null: null };

/** What ends a step early. */
function control({ asked }: Scanned) {
  return asked.signal ? { signal: asked.signal } : {};
}

function between(values: readonly number[]): Pick<Found, "value" | "low" | "high"> {
  const estimate = bootstrapMean(values);
  return { value: mean(values), low: estimate?.low ?? null, high: estimate?.high ?? null };
}

function nameOf({ layer, head }: ScanNode): string {
  return head === null ? `MLP ${layer}` : `head ${layer}.${head}`;
}

async function lookAtTask(scanned: Scanned): Promise<Found[]> {
  const { model, input, question } = scanned;
  const { tables, notes } = await taskAccuracy(model, input, { ...question, ...control(scanned) });
  scanned.notes = notes.filter(({ code }) => code === "TASK_NOT_DONE");
  return tables.summary.rows.map(({ prompt, prefers, low, high }) => ({
    finding: `${formatPercent(prefers)} of the ${prompt} prompts put their answer before the other`,
    method: "task",
    where: `${prompt} prompts`,
    value: prefers,
    low: low ?? null,
    high: high ?? null,
    null: 0.5,
    unit: "share",
  }));
}

async function rankNodes(scanned: Scanned): Promise<Found[]> {
  const { model, input, question, asked } = scanned;
  const options = { ...question, kinds: ["head", "mlp"] as const, positions: "all" as const, batchSize: asked.batchSize, ...control(scanned) }; // biome-ignore format: one object
  const { grids } = await attributionPatching(model, input, options);
  const { layer: attending, head } = grids.head!.labels;
  const mlps = grids.mlp?.labels.layer ?? [];
  const scores = [
    ...Array.from(grids.head!.values, (value, at) => ({ value, layer: Number(attending[Math.floor(at / head.length)]), head: at % head.length })), // biome-ignore format: one list
    ...mlps.map((layer, at) => ({
      value: grids.mlp!.values[at],
      layer: Number(layer),
      head: null,
    })),
  ];
  scores.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  scanned.nodes = scores.slice(0, asked.top).map(({ layer, head }) => ({ layer, head }));
  return [];
}

async function patchNodes(scanned: Scanned): Promise<Found[]> {
  const { nodes, asked } = scanned;
  const taken = new Set(nodes.map(nameOf));
  const others = drawNodes(scanned, asked.random).filter((node) => !taken.has(nameOf(node)));
  const chance: number[] = [];
  for (const node of others) chance.push(Math.abs(mean(await patchOne(scanned, node))));
  const most = chance.length > 0 ? Math.max(...chance) : null;
  const found: Found[] = [];
  const heads: ScanNode[] = [];
  for (const node of nodes) {
    const effect = between(await patchOne(scanned, node));
    const where = nameOf(node);
    const word = effect.value < 0 ? "speaks against" : "restores";
    const share = formatPercent(Math.abs(effect.value));
    found.push({ finding: `${where}, put in from the clean prompt, ${word} ${share} of the answer's lead`, method: "patch", where, ...effect, null: most, unit: "effect" }); // biome-ignore format: one finding
    if (node.head !== null && Math.abs(effect.value) > (most ?? 0)) heads.push(node);
  }
  scanned.heads = heads;
  return found;
}

/** The effect on each pair of one head or MLP of the clean run, at all positions. */
async function patchOne(scanned: Scanned, { layer, head }: ScanNode): Promise<number[]> {
  const { model, input, question } = scanned;
  const kind = head === null ? "mlp" : "head";
  const options = { ...question, kinds: kind, layers: [layer], positions: "all", ...(head !== null && { heads: [head] }), ...control(scanned) } as const; // biome-ignore format: one object
  const { grids, tables } = await activationPatching(model, input, options);
  const metric = grids[`${kind}ByPair`]!.values;
  return tables.baselines.rows.map(({ clean, corrupted }, pair) => (metric[pair] - corrupted) / (clean - corrupted)); // biome-ignore format: one line
}

function drawNodes({ model, asked }: Scanned, count: number): ScanNode[] {
  const { heads } = model.anatomy;
  const random = uniformNumbers(asked.seed);
  const all = [
    ...layersWith(model, "mlp").map((layer): ScanNode => ({ layer, head: null })),
    ...attendingLayers("scan", model).flatMap((layer) =>
      range(heads).map((head): ScanNode => ({ layer, head })),
    ),
  ];
  const drawn = all.map((node) => ({ node, at: random() })).sort((a, b) => a.at - b.at);
  return drawn.slice(0, count).map(({ node }) => node);
}

async function lookAtWrites(scanned: Scanned): Promise<Found[]> {
  const { model, input, question, asked } = scanned;
  const random = uniformNumbers(asked.seed + 1);
  const any = () => Math.floor(random() * model.anatomy.vocab);
  const own = await directLogitAttribution(model, input.clean, {
    ...question,
    ...control(scanned),
  });
  const pairs = { answer: question.answer.map(any), wrongAnswer: question.answer.map(any) };
  const other = await directLogitAttribution(model, input.clean, { ...pairs, ...control(scanned) });
  const { heads } = model.anatomy;
  const prompts = input.clean.length;
  const parts = scanned.nodes.map((node) => {
    const of = ({ grids }: typeof own) =>
      node.head === null ? column(grids.mlpsByPrompt.values, prompts, node.layer) : column(grids.headsByPrompt.values, prompts, node.layer * heads + node.head); // biome-ignore format: one choice
    return { where: nameOf(node), own: of(own), chance: Math.abs(mean(of(other))) };
  });
  return parts.map(({ where, own: values, chance }) => {
    const written = between(values);
    const toward = written.value < 0 ? "against" : "for";
    return { finding: `${where} writes ${toward} the answer`, method: "attribute", where, ...written, null: chance, unit: "logits" }; // biome-ignore format: one finding
  });
}

/** One part of each prompt. */
function column(values: ArrayLike<number>, prompts: number, part: number): number[] {
  const size = values.length / prompts;
  return range(prompts).map((prompt) => values[prompt * size + part]);
}

async function lookThroughLens(scanned: Scanned): Promise<Found[]> {
  const { model, input, question } = scanned;
  const { layers } = model.anatomy;
  const leads = async (answer: readonly AskedAnswer[]) => {
    const results = await logitLens(model, input.clean, { answer: [...answer], topK: 1, ...control(scanned) }); // biome-ignore format: one call
    return results.map(({ grids }) => {
      const ranks = grids.answerRank!;
      const width = ranks.labels.position.length;
      return range(layers + 1).map((row) => (ranks.values[row * width + width - 1] === 1 ? 1 : 0));
    });
  };
  const [own, wrong] = [await leads(question.answer), await leads(question.wrongAnswer)];
  const shares = range(layers + 1).map((row) => mean(own.map((one) => one[row])));
  const first = shares.findIndex((_, row) => shares.slice(row).every((share) => share > 0.5));
  if (first === -1) {
    const finding = "the answer is not what most clean prompts predict, at no layer for good";
    return [
      {
        finding,
        method: "lens",
        where: "all layers",
        value: shares[layers],
        ...none,
        unit: "share",
      },
    ];
  }
  const where = first === 0 ? "embedding" : `layer ${first - 1}`;
  return [
    {
      finding: `from ${first === 0 ? "the embedding" : where} on the answer is the most likely token`,
      method: "lens",
      where,
      ...between(own.map((one) => one[first])),
      null: mean(wrong.map((one) => one[first])),
      unit: "share",
    },
  ];
}

async function lookAtHeads(scanned: Scanned): Promise<Found[]> {
  const { model, asked, heads } = scanned;
  if (heads.length === 0) return [];
  const all = headScores(
    await headTypes(model, undefined, { seed: asked.seed, ...control(scanned) }),
  );
  return heads.flatMap((node): Found[] => {
    const own = all.find(({ layer, head }) => layer === node.layer && head === node.head);
    if (!own?.type) return [];
    const { type } = own;
    const where = nameOf(node);
    const others = all.filter((one) => one !== own).map(({ scores }) => scores[type]);
    return [{ finding: `${where} is of type ${type} on random tokens`, method: "heads", where, value: own.scores[type], low: null, high: null, null: mean(others), unit: "attention" }]; // biome-ignore format: one finding
  });
}

async function ablate(scanned: Scanned): Promise<Found[]> {
  const { model, input, question, heads } = scanned;
  if (heads.length === 0) return [];
  const without = async (nodes: readonly ScanNode[]) => {
    const addresses = nodes.map(({ layer, head }) => [layer, head!] as const); // only heads
    const { tables } = await ablateHeads(model, input.clean, { ...question, heads: addresses, method: "zero", ...control(scanned) }); // biome-ignore format: one call
    return tables.scores.rows.map(({ baseline, ablated }) => ablated - baseline);
  };
  const taken = new Set(heads.map(nameOf));
  const free = drawNodes(scanned, Number.MAX_SAFE_INTEGER).filter((node) => node.head !== null && !taken.has(nameOf(node))); // biome-ignore format: one line
  const others = free.slice(0, heads.length);
  const chance = others.length > 0 ? mean(await without(others)) : null;
  const where = heads.map(nameOf).join(", ");
  const word = heads.length === 1 ? "without it" : `without these ${heads.length} heads`;
  return [{ finding: `${word} the answer's lead changes`, method: "ablate", where, ...between(await without(heads)), null: chance, unit: "logits" }]; // biome-ignore format: one finding
}
