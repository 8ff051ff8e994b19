/**
 * Training of dictionaries, from a store, from a model or from arrays.
 *
 * Every setting is data, and is kept with the result. With a folder, what was done is kept as well: ended at any point, the same call goes on
 * and comes to the same bits. Several dictionaries are trained from one stream in `trainDictionaries`.
 */
import { asAsked, checkOptions, checkRecord, checkText, InvalidArgumentError } from "@mlxterp/mlx";
import type { Crosscoder } from "../crosscoder/crosscoder.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import type { CrossLayerTranscoder } from "../transcoders/cross-layer.js";
import type { TranscoderSites } from "../transcoders/transcoder-set.js";
import { acrossTrainer } from "./check-config.js";
import type { ResolvedConfig, TrainingConfig } from "./config.js";
import { crosscoderOf, crossLayerOf, dictionaryOf } from "./finish.js";
import type { TrainingMetrics } from "./metrics.js";
import type { Run } from "./run.js";
import { runTrainings, type TrainingOptions, trainingRules } from "./run-trainings.js";
import type { TrainingSource } from "./sources.js";

/** A training that has come to its end. */
export interface Trained<D = Dictionary> {
  readonly dictionary: D;
  /** The settings, nothing left open. */
  readonly config: ResolvedConfig;
  /** One entry for every report. */
  readonly metrics: readonly TrainingMetrics[];
}

/**
 * Trains one dictionary.
 *
 * @throws NoTrainingDataError (`NO_TRAINING_DATA`) where the source has too few rows for all steps,
 * TrainingMismatchError (`TRAINING_MISMATCH`), InvalidArgumentError (`INVALID_ARGUMENT`), FileAccessError (`FILE_ACCESS`),
 * IncompleteWriteError (`INCOMPLETE_WRITE`); the signal's reason
 * @example
 * const rows = arraySource(mx.random.normal([512, 8]));
 * const settings = { architecture: "topK", features: 32, k: 4, steps: 5, batchSize: 64 } as const;
 * const { dictionary, metrics } = await trainDictionary(rows, settings);
 * dictionary.config.features; // 32
 */
export async function trainDictionary(
  source: TrainingSource,
  config: TrainingConfig,
  options: TrainingOptions = {},
): Promise<Trained> {
  const asked = asAsked(options);
  const [run] = await runTrainings("trainDictionary", source, [asAsked(config)], asked);
  return finished(run, asked);
}

/**
 * Trains several dictionaries from one stream, which is gone through once.
 *
 * @throws as `trainDictionary`; InvalidArgumentError (`INVALID_ARGUMENT`) unless all have the same steps and batchSize
 * @example
 * const rows = arraySource(mx.random.normal([512, 8]));
 * const settings = { architecture: "topK", features: 16, steps: 5, batchSize: 64 } as const;
 * const both = await trainDictionaries(rows, [{ ...settings, k: 2 }, { ...settings, k: 4 }]);
 * both.length; // 2
 */
export async function trainDictionaries(
  source: TrainingSource,
  configs: readonly TrainingConfig[],
  options: TrainingOptions = {},
): Promise<Trained[]> {
  const asked = asAsked(options);
  const runs = await runTrainings("trainDictionaries", source, asAsked(configs), asked);
  return runs.map((run) => finished(run, asked));
}

/**
 * Trains a crosscoder on rows in which sources stand side by side, (rows, sources, width).
 *
 * @throws as `trainDictionary`
 * @example
 * const rows = arraySource(mx.random.normal([512, 2, 8]));
 * const settings = { architecture: "batchTopK", sources: 2, features: 32, k: 4, steps: 5, batchSize: 64 } as const;
 * (await trainCrosscoder(rows, settings)).dictionary.config.sources; // 2
 */
export async function trainCrosscoder(
  source: TrainingSource,
  config: TrainingConfig,
  options: TrainingOptions = {},
): Promise<Trained<Crosscoder>> {
  const [run] = await runTrainings("trainCrosscoder", source, [asAsked(config)], asAsked(options));
  const { architecture, sources } = run.config;
  if (sources < 2 || !["standard", "batchTopK"].includes(architecture)) {
    const rule = "a crosscoder has two sources or more, and is standard or batchTopK.";
    throw new InvalidArgumentError("config", config, rule);
  }
  return {
    dictionary: crosscoderOf(run.state, run.config, run.factor),
    config: run.config,
    metrics: run.metrics,
  };
}

/** Below `blocks.i`, in TransformerLens' words. */
const usualSites: TranscoderSites = { input: "mlp.hook_in", output: "hook_mlp_out" };

export interface CrossLayerTrainingOptions extends Omit<TrainingOptions, "place"> {
  /** Where layers read and write; default `mlp.hook_in` and `hook_mlp_out`. */
  readonly sites?: TranscoderSites;
}

/**
 * Trains transcoders that write to their own layer and all later ones, on rows in which layers stand side by side: `x` what each reads,
 * `y` what each writes, (rows, layers, width). A feature costs by the norm of all that it writes.
 *
 * Source: Ameisen, Lindsey et al. 2025, "Circuit Tracing", section "Cross-Layer Transcoder".
 *
 * @param config with `layers`, and `features` of each; standard, pAnneal, jumpRelu or batchTopK
 * @throws as `trainDictionary`
 * @example
 * const rows = arraySource(mx.random.normal([512, 2, 8]), mx.random.normal([512, 2, 8]));
 * const settings = { architecture: "jumpRelu", cost: "tanh", layers: 2, features: 32, steps: 5, batchSize: 64 } as const;
 * (await trainCrossLayerTranscoder(rows, settings)).dictionary.layers; // 2
 */
export async function trainCrossLayerTranscoder(
  source: TrainingSource,
  config: Omit<TrainingConfig, "kind">,
  options: CrossLayerTrainingOptions = {},
): Promise<Trained<CrossLayerTranscoder>> {
  checkOptions<CrossLayerTrainingOptions>(acrossTrainer, options, {
    ...trainingRules,
    sites: checkRecord,
  });
  const { sites = usualSites, ...others } = asAsked(options);
  for (const name of ["input", "output"] as const) checkText(`sites.${name}`, sites[name]);
  checkRecord("config", config);
  const given = { scaleByDecoderNorm: false, ...config, kind: "transcoder" } as const;
  const [run] = await runTrainings(acrossTrainer, source, [given], others);
  const dictionary = crossLayerOf(run.state, run.config, run.factor, sites);
  return { dictionary, config: run.config, metrics: run.metrics };
}

function finished(
  { state, config, factor, metrics }: Run,
  { place = {} }: TrainingOptions,
): Trained {
  return { dictionary: dictionaryOf(state, config, factor, place), config, metrics };
}
