/**
 * What an MLP writes as that of its parts: of its neurons, each its activation times its row of the last matrix; of a mixture of
 * experts, of each expert, weighted, and of the one that every token goes through. A bias belongs to none: it is the same in every run.
 */
import type { ActivationCache, Intervention } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";

/** The value at a site below `layers.<layer>.mlp`. */
type At = (site: string) => MxArray;

/** The parts of one MLP. */
export interface MlpUnits {
  readonly kind: "neuron" | "expert";
  /** `n17`, `e5`, `shared`. */
  readonly names: readonly string[];
  readonly sites: readonly string[];
  /** What each part writes, (batch, parts, position, hidden). */
  readonly parts: (at: At) => MxArray;
}

/** What is looked at for the parts of an MLP; undefined where it shows neither neurons nor experts. */
export function unitSites(names: ReadonlySet<string>, layer: number): string[] | undefined {
  const has = (site: string) => names.has(siteOf(layer, site));
  if (has("expertIndices")) {
    const shared = ["sharedExpert", "sharedGate"].filter(has);
    return ["router", "expertIndices", "expertWeights", "downProj", ...shared];
  }
  return has("post") ? ["post"] : undefined;
}

/**
 * What may be the parts of an MLP: some mixtures weigh what experts read, and not what they say.
 *
 * @param at of any run
 */
export function possibleUnits(
  { anatomy }: AnalysisModel,
  layer: number,
  sites: readonly string[],
  at: At,
): MlpUnits[] {
  if (!sites.includes("expertIndices")) {
    const out = anatomy.weights(layer).W_out.astype(mx.float32); // (neurons, hidden)
    const names = range(out.shape[0]).map((neuron) => `n${neuron}`);
    return [{ kind: "neuron", names, sites, parts: (own) => neuronParts(own("post"), out) }];
  }
  const experts = at("router").shape.at(-1) ?? 0;
  const shared = sites.includes("sharedExpert");
  const names = [...range(experts).map((expert) => `e${expert}`), ...(shared ? ["shared"] : [])];
  const read = sites.filter((site) => site !== "router");
  return [true, false].map((weighed) => {
    const parts = (own: At) => expertParts(own, { sites: read, experts, weighed });
    return { kind: "expert", names, sites: read, parts };
  });
}

/** (batch, position, neurons) and (neurons, hidden) → (batch, neurons, position, hidden) */
function neuronParts(post: MxArray, out: MxArray): MxArray {
  const byNeuron = mx.expandDims(post.astype(mx.float32).transpose(0, 2, 1), 3);
  return mx.multiply(byNeuron, mx.expandDims(out, 1));
}

interface Mixture {
  readonly sites: readonly string[];
  readonly experts: number;
  readonly weighed: boolean;
}

function expertParts(at: At, { sites, experts, weighed }: Mixture): MxArray {
  const [chosen, weights, said] = [at("expertIndices"), at("expertWeights"), at("downProj")];
  const one = mx.arange(0, experts, 1, mx.int32).reshape([1, 1, experts, 1]);
  const own = mx.equal(mx.expandDims(chosen, 2), one); // (batch, position, experts, topK)
  const share = weighed ? mx.expandDims(weights.astype(mx.float32), 2) : mx.array(1);
  const shares = mx.where(own, share, 0);
  const parts = mx.matmul(shares, said.astype(mx.float32)).transpose(0, 2, 1, 3);
  if (!sites.includes("sharedExpert")) return parts;
  const shared = at("sharedExpert").astype(mx.float32);
  const gate = sites.includes("sharedGate") && mx.sigmoid(at("sharedGate").astype(mx.float32));
  const whole = gate ? mx.multiply(gate, shared) : shared;
  return mx.concatenate([parts, mx.expandDims(whole, 1)], 1);
}

/** What the MLP of a layer writes in runs that were made, (batch, sources, position, hidden). */
export function mlpParts(cache: ActivationCache, layer: number, units?: MlpUnits): MxArray {
  const at = (site: string) => cache.get(siteOf(layer, site));
  return units ? units.parts(at) : mx.expandDims(cache.get(`layers.${layer}.mlp`), 1);
}

/** Interventions that change nothing and hand over the same of a pass. */
export function mlpWrites(
  layer: number,
  units: MlpUnits | undefined,
  wrote: (x: MxArray) => void,
): Record<string, Intervention> {
  const whole = `layers.${layer}.mlp`;
  const seen = new Map<string, MxArray>();
  const kept = (units?.sites ?? []).map((site): [string, Intervention] => [
    siteOf(layer, site),
    (x) => {
      seen.set(site, x);
      return x;
    },
  ]);
  const written: Intervention = (x) => {
    wrote(units ? units.parts((site) => seen.get(site)!) : mx.expandDims(x, 1)); // all were reached before
    return x;
  };
  return { ...Object.fromEntries(kept), [whole]: written };
}

export function siteOf(layer: number, site: string): string {
  return `layers.${layer}.mlp.${site}`;
}
