/** Settings that do not go together: named, before anything is trained. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { ResolvedConfig } from "./config.js";

/**
 * @param of the function that trains
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function checkConfig(of: string, config: ResolvedConfig): void {
  const { recipe, architecture, features, k, layers, sources } = config;
  const refuse = (name: keyof ResolvedConfig, rule: string): never => {
    throw new InvalidArgumentError(name, config[name], rule);
  };
  if (recipe === "sparsify" && !["topK", "groupMax"].includes(architecture))
    refuse("architecture", "the recipe sparsify has topK and groupMax.");
  if (architecture === "groupMax" && recipe !== "sparsify")
    refuse("architecture", 'only the recipe sparsify has it: { recipe: "sparsify" }.');
  if (architecture === "groupMax" && features % k !== 0)
    refuse("features", `they do not fall into ${k} equal groups; give a multiple of k.`);
  if (config.moreShare > 0 && recipe !== "sparsify")
    refuse("moreShare", 'only the recipe sparsify has it: { recipe: "sparsify" }.');
  if (of === acrossTrainer) checkAcrossLayers(config, refuse);
  else if (layers > 1) refuse("layers", `across layers is trained by ${acrossTrainer}.`);
  if (recipe === "sparsify" && (layers > 1 || sources > 1))
    refuse("recipe", "sparsify has neither crosscoders nor transcoders across layers.");
}

export const acrossTrainer = "trainCrossLayerTranscoder";

/** What transcoders across layers can be: chosen by thresholds, so that files have words for them. */
const acrossLayers: readonly string[] = ["standard", "pAnneal", "jumpRelu", "batchTopK"];

function checkAcrossLayers(
  { layers, sources, architecture, decoder, resampleEvery, scaleByDecoderNorm }: ResolvedConfig,
  refuse: (name: keyof ResolvedConfig, rule: string) => never,
): void {
  if (layers < 2) refuse("layers", "two layers or more stand side by side.");
  if (sources > 1) refuse("sources", "a crosscoder is trained by trainCrosscoder.");
  if (!acrossLayers.includes(architecture))
    refuse("architecture", `across layers there are ${acrossLayers.join(", ")}.`);
  if (decoder !== "free") refuse("decoder", "across layers it is free.");
  if (scaleByDecoderNorm && architecture === "batchTopK")
    refuse("scaleByDecoderNorm", "thresholds of files know no norms; give false.");
  if (resampleEvery > 0) refuse("resampleEvery", "across layers nothing is made anew; give 0.");
}
