/** What the files of sentence-transformers say of a model's vectors: how tokens are pooled, and what follows. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readJsonFile } from "../checkpoint/files/json-file.js";
import { CheckpointNotFoundError, UnsupportedConfigError } from "../errors.js";
import type { EmbeddingConfig, EmbeddingLayerConfig } from "./config.js";
import type { PoolingName } from "./pooling.js";

const modulesFile = "modules.json";
const settingsFile = "config_sentence_transformers.json";

/** A layer, and the folder that holds its weights. */
export interface FoundLayer extends EmbeddingLayerConfig {
  readonly folder: string;
}

/** The head that a folder describes. */
export interface FoundEmbedding extends Omit<EmbeddingConfig, "layers"> {
  readonly layers: readonly FoundLayer[];
  /** What is assumed, where the folder does not say. */
  readonly notes: readonly string[];
}

const modules = z.array(z.object({ path: z.string(), type: z.string() }));
const ofModules = /^[1-9]_(Pooling|Dense|Normalize)$/;
const plainFolder = /^[\w-]{1,64}$/;

/**
 * A folder without such files has the mean of all tokens, as sentence-transformers takes it.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for a module that is not implemented
 */
export function readSentenceTransformers(folder: string): FoundEmbedding {
  const file = join(folder, modulesFile);
  const plain = { kind: "embedding", layers: [], normalized: false, notes: [] } as const;
  if (!existsSync(file)) {
    const left = readdirSync(folder).find((name) => ofModules.test(name));
    if (left) throw new CheckpointNotFoundError(folder, [file], `It says what ${left} is for. Copy the whole folder.`); // biome-ignore format: one line
    const notes = [`There is no ${modulesFile}, so a text's vector is the mean of its tokens'.`];
    return { ...plain, pooling: ["mean"], ...promptsOf(folder), notes };
  }
  const found = parse(modules, readJsonFile(file), file);
  let head: FoundEmbedding = { ...plain, pooling: [], ...promptsOf(folder) };
  for (const [index, { path, type }] of found.entries()) {
    if (index > 0 && !plainFolder.test(path)) throw refused("path", path, file);
    head = withModule(head, type, { folder: join(folder, path), file, index });
  }
  if (head.pooling.length > 0) return head;
  return refuse("modules", found.map(({ type }) => type).join(", "), file, "One must be Pooling.");
}

interface Place {
  readonly folder: string;
  readonly file: string;
  readonly index: number;
}

function withModule(head: FoundEmbedding, type: string, place: Place): FoundEmbedding {
  const kind = type.split(".").at(-1);
  if (kind === "Transformer" && place.index === 0) return head;
  const before = head.pooling.length === 0 ? 0 : head.normalized ? 2 : 1;
  const expected: Readonly<Record<string, readonly number[]>> = {
    ...{ Pooling: [0], Dense: [1], Normalize: [1, 2] },
  };
  if (kind && expected[kind] && !expected[kind].includes(before)) {
    const rule = "One Pooling comes first, then any Dense, then Normalize.";
    refuse("type", type, place.file, rule);
  }
  if (kind === "Pooling") return { ...head, pooling: readPooling(place.folder) };
  if (kind === "Dense") return { ...head, layers: [...head.layers, readDense(place.folder)] };
  if (kind === "Normalize") return { ...head, normalized: true };
  throw refused("type", type, place.file);
}

/** Names of fields, in the order in which vectors lie one behind the other. */
const poolingFields: Readonly<Record<string, PoolingName>> = {
  pooling_mode_cls_token: "cls",
  pooling_mode_max_tokens: "max",
  pooling_mode_mean_tokens: "mean",
  pooling_mode_mean_sqrt_len_tokens: "meanSqrtLength",
  pooling_mode_weightedmean_tokens: "weightedMean",
  pooling_mode_lasttoken: "last",
};

/** How newer files say it. */
const poolingModes: Readonly<Record<string, PoolingName>> = {
  ...{ cls: "cls", max: "max", mean: "mean", mean_sqrt_len_tokens: "meanSqrtLength" },
  ...{ weightedmean: "weightedMean", lasttoken: "last" },
};

function readPooling(folder: string): PoolingName[] {
  const file = join(folder, "config.json");
  const config = parse(z.record(z.string(), z.unknown()), readJsonFile(file), file);
  const { pooling_mode: mode, include_prompt: include = true } = config;
  if (include !== true) {
    refuse(
      "include_prompt",
      include,
      file,
      "Leaving prompts out of the pooling is not implemented.",
    );
  }
  if (mode !== undefined) {
    return [mode].flat().map((name) => {
      const known = Object.hasOwn(poolingModes, String(name)) && poolingModes[String(name)];
      return known || refuse("pooling_mode", name, file, "Not implemented.");
    });
  }
  const unknown = Object.keys(config).find(
    (name) => name.startsWith("pooling_mode_") && config[name] && !(name in poolingFields),
  );
  if (unknown) refuse(unknown, config[unknown], file, "Not implemented.");
  const on = Object.keys(poolingFields).filter((name) => config[name] === true);
  if (on.length === 0) refuse("pooling_mode_mean_tokens", false, file, "No way of pooling is on.");
  return on.map((name) => poolingFields[name]);
}

const width = z
  .int()
  .positive()
  .max(2 ** 24);
const dense = z.object({
  in_features: width,
  out_features: width,
  bias: z.boolean().default(true),
  activation_function: z.string().nullish(),
});

const denseActivations: Readonly<Record<string, EmbeddingLayerConfig["activation"]>> = {
  ...{ Tanh: "tanh", Identity: "none", ReLU: "relu", GELU: "gelu", SiLU: "silu" },
};

function readDense(folder: string): FoundLayer {
  const file = join(folder, "config.json");
  const config = parse(dense, readJsonFile(file), file);
  const name = config.activation_function?.split(".").at(-1) ?? "Tanh";
  const activation = Object.hasOwn(denseActivations, name) ? denseActivations[name] : undefined;
  if (!activation) return refuse("activation_function", name, file, "Not implemented.");
  const { in_features: from, out_features: to, bias } = config;
  return { from, to, bias, activation, folder };
}

const settings = z.object({
  prompts: z.record(z.string(), z.string()).nullish(),
  default_prompt_name: z.string().nullish(),
});

function promptsOf(folder: string): Pick<EmbeddingConfig, "prompts" | "defaultPrompt"> {
  const file = join(folder, settingsFile);
  if (!existsSync(file)) return { prompts: {} };
  const { prompts, default_prompt_name: name } = parse(settings, readJsonFile(file), file);
  return { prompts: prompts ?? {}, ...(name && { defaultPrompt: name }) };
}

function parse<T extends z.ZodType>(schema: T, json: unknown, file: string): z.output<T> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UnsupportedConfigError(issue.path.join(".") || "the file", json, file, issue.message);
}

const refused = (field: string, value: unknown, file: string) =>
  new UnsupportedConfigError(
    field,
    value,
    file,
    "Supported: Transformer, Pooling, Dense and Normalize of sentence-transformers.",
  );

function refuse(field: string, value: unknown, file: string, rule: string): never {
  throw new UnsupportedConfigError(field, value, file, rule);
}
