/** Families as they differ from a plain Llama, or from GPT-2 and what came right after it. */
import { z } from "zod";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import type { DecoderConfig } from "../../decoder/config/config.js";
import { checkDecoderConfig } from "../../decoder/config/config-rules.js";
import type { RecurrentConfig } from "../../recurrent/config.js";
import type { MixerConfig } from "../../recurrent/mixers/config.js";
import { readConfig } from "./config-json.js";
import { describeParts } from "./describe-parts.js";
import type { Family, ModuleFamily } from "./family.js";
import { blamingFields } from "./fields-at-fault.js";
import { gptNames, llamaNames, queryKeyNames, rotaryBuffers, withNames } from "./names.js";
import { otherNames } from "./other-names.js";
import { type CommonConfig, type Given, type Part, readGiven, shapeOf } from "./part.js";
import type { GivenParts } from "./parts.js";
import { gptParts, llamaParts, sizeFields } from "./plain-parts.js";
import { recurrentFamily } from "./recurrent.js";

type OfConfig<T> = T | ((config: DecoderConfig) => T);

/** Parts in place of the plain ones, and what lies beside them in a file. */
export interface Differences extends Partial<GivenParts> {
  /** Fields that no part reads, but files carry. */
  readonly fields?: () => z.ZodRawShape;
  /** The family's own names of fields, which files may also call by Llama's. */
  readonly called?: Readonly<Record<string, string>>;
  /** Names that older files have for a field, by which the field is given. */
  readonly formerly?: Readonly<Record<string, string>>;
  /** Complains of fields that contradict each other. */
  readonly check?: Part<(file: string) => void>;
  /** The wrapper's name, which tensors may begin with. */
  readonly prefix?: string;
  /** Names of weights in place of the plain ones for the same modules. */
  readonly names?: OfConfig<WeightTable["modules"]>;
  readonly parameters?: WeightTable["parameters"];
  /** Tensors that hold a parameter once more. */
  readonly copies?: WeightTable["copies"];
  /** Buffers that are no weights. */
  readonly ignored?: OfConfig<readonly RegExp[]>;
  /** How GGUF files have it. */
  readonly gguf?: Family["gguf"];
}

interface Plain {
  readonly parts: GivenParts;
  readonly names: WeightTable["modules"];
  readonly prefix: string;
  readonly ignored: readonly RegExp[];
}

const llama: Plain = {
  ...{ parts: llamaParts, names: llamaNames, prefix: "model.", ignored: rotaryBuffers },
};

const gpt: Plain = {
  ...{ parts: gptParts, names: gptNames, prefix: "transformer." },
  ignored: [/(^|\.)attn\.(masked_)?bias$/],
};

/**
 * A family in the layout of Llama: RMSNorm before attention and MLP, rotary positions, a gated MLP, and the biases on
 * attention that `attention_bias` turns on.
 */
export const likeLlama = (modelType: string, differs: Differences = {}): Family =>
  like(llama, modelType, differs);

/** A family in the layout of GPT-2: LayerNorm, biases, a plain MLP, learned positions, tied embeddings. */
export const likeGpt = (modelType: string, differs: Differences = {}): Family =>
  like(gpt, modelType, differs);

/** What layers of a hybrid are, beside a Llama's. */
export interface HybridDifferences extends Omit<Differences, "gguf"> {
  /** Whether a layer attends. */
  readonly attends: Given<boolean>;
  /** Multiplies what attention reads. */
  readonly attentionInputScale?: Given<number | undefined>;
  /** What a layer remembers with; a layer may do both. */
  readonly mixer: Given<MixerConfig | undefined>;
  readonly mixerNames: (mixer: MixerConfig | undefined) => WeightTable["modules"];
}

/** A family in the layout of Llama, of whose layers some remember in a mixer. */
export function likeHybridLlama(modelType: string, differs: HybridDifferences): ModuleFamily {
  const parts: GivenParts = { ...llama.parts, ...differs };
  const read = createReader(parts, differs);
  const decoders = new WeakMap<RecurrentConfig, DecoderConfig>();
  const describe = (json: unknown, file: string): RecurrentConfig => {
    const config = read(json, file);
    differs.check?.read(config, 0)(file);
    const described = describeParts(parts, config);
    const decoder = blamingFields(json, file, () => checkDecoderConfig(described));
    const hybrid = withMixers(decoder, differs, config);
    decoders.set(hybrid, decoder);
    return hybrid;
  };
  return recurrentFamily(modelType, describe, (config) => {
    const mixer = config.layers.find((layer) => layer.mixer)?.mixer;
    const table = tableOf(llama, differs, decoders.get(config)!); // described right before
    return { ...table, modules: { ...table.modules, ...differs.mixerNames(mixer) } };
  });
}

function withMixers(
  decoder: DecoderConfig,
  { attends, mixer, attentionInputScale }: HybridDifferences,
  config: CommonConfig,
): RecurrentConfig {
  const layers = decoder.layers.map(({ attention, mlp, inputNorm, postAttentionNorm }, index) => {
    const own = readGiven(mixer, config, index);
    const scale = readGiven(attentionInputScale, config, index);
    return {
      ...{ inputNorm: inputNorm!, postAttentionNorm, mlp }, // as the plain block has it
      ...(readGiven(attends, config, index) && { attention }),
      ...(scale !== undefined && { attentionInputScale: scale }),
      ...(own && { mixer: own }),
    };
  });
  return { ...decoder, layers };
}

function like(plain: Plain, modelType: string, differs: Differences): Family {
  const parts: GivenParts = { ...plain.parts, ...differs };
  const read = createReader(parts, differs);
  return {
    modelType,
    describe: (json, file) => {
      const config = read(json, file);
      differs.check?.read(config, 0)(file);
      return describeParts(parts, config);
    },
    weights: (config) => tableOf(plain, differs, config),
    gguf: differs.gguf,
  };
}

type ReadConfig = (json: unknown, file: string) => CommonConfig;

/** A field is known where a part reads it, or where it is listed as one that none reads. */
function createReader(parts: GivenParts, differs: Omit<Differences, "gguf">): ReadConfig {
  const { called = {}, formerly = {}, fields, check } = differs;
  const createSchema = () => {
    const known = { ...fields?.(), ...sizeFields, ...shapeOf([...Object.values(parts), check]) };
    const renamed = Object.entries(known).map(([name, type]) => [called[name] ?? name, type]);
    return z.object(Object.fromEntries(renamed));
  };
  let schema: z.ZodObject | undefined; // of the first file: most programs never meet the family
  return (json, file) => {
    schema ??= createSchema();
    const config = readConfig(schema, otherNames(json, { ...called, ...formerly }, file), file);
    const own = Object.entries(called).map(([name, ours]) => [name, config[ours]]);
    return { ...config, ...Object.fromEntries(own) } as CommonConfig; // as the shapes say
  };
}

function tableOf(
  plain: Plain,
  differs: Omit<Differences, "gguf">,
  config: DecoderConfig,
): WeightTable {
  const {
    prefix = plain.prefix,
    names = {},
    parameters,
    copies,
    ignored = plain.ignored,
  } = differs;
  const normed = differs.queryKeyNorm === undefined ? {} : queryKeyNames;
  return {
    optionalPrefix: prefix,
    modules: withNames({ ...plain.names, ...normed }, resolve(names, config), config),
    ...(parameters && { parameters }),
    ...(copies && { copies }),
    ignored: resolve(ignored, config),
  };
}

function resolve<T extends object>(given: OfConfig<T>, config: DecoderConfig): T {
  return typeof given === "function" ? given(config) : given;
}
