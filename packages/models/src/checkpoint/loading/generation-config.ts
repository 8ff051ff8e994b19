/** A checkpoint's generation_config.json: which tokens end a text, and how the next one is drawn. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UnsupportedConfigError } from "../../errors.js";
import { readEndTokens } from "../../families/shared/config-json.js";
import type { GenerationDefaults } from "../../generation/defaults.js";
import { readJsonFile } from "../files/json-file.js";

const file = "generation_config.json";

const schema = z.object({
  do_sample: z.boolean().nullish(),
  temperature: z.number().positive().nullish(),
  top_k: z.int().nonnegative().nullish(),
  top_p: z.number().positive().max(1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repetition_penalty: z.number().positive().nullish(),
  max_new_tokens: z.int().positive().nullish(),
});

/** What is left where `transformers` is told to draw and not how. */
const usual = { temperature: 1, top_k: 50 };

/** Ways of choosing that are not implemented, with the value that turns each off. */
const others: Readonly<Record<string, number>> = {
  ...{ num_beams: 1, num_beam_groups: 1, no_repeat_ngram_size: 0, encoder_repetition_penalty: 1 },
  ...{ typical_p: 1, epsilon_cutoff: 0, eta_cutoff: 0, penalty_alpha: 0, length_penalty: 1 },
};

export interface GenerationConfig {
  readonly defaults: GenerationDefaults;
  readonly notes: readonly string[];
}

/** @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`) */
export function readGenerationConfig(folder: string): GenerationConfig {
  const path = join(folder, file);
  if (!existsSync(path)) return { defaults: {}, notes: [] };
  const json = (readJsonFile(path) ?? {}) as Readonly<Record<string, unknown>>;
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [{ path: at, message }] = parsed.error.issues;
    const field = at.join(".") || "the file";
    throw new UnsupportedConfigError(field, json[field], path, `${message}.`);
  }
  const defaults = defaultsOf(parsed.data);
  return { defaults, notes: [...drawNote(defaults), ...otherNotes(json)] };
}

function defaultsOf(config: z.output<typeof schema>): GenerationDefaults {
  const { repetition_penalty: penalty, max_new_tokens: maxTokens } = config;
  const always = {
    ...(typeof penalty === "number" && penalty !== 1 && { repetitionPenalty: penalty }),
    ...(typeof maxTokens === "number" && { maxTokens }),
  };
  if (!config.do_sample) return always;
  const topK = config.top_k ?? usual.top_k; // 0 keeps all
  return {
    ...always,
    temperature: config.temperature ?? usual.temperature,
    ...(topK > 0 && { topK }),
    ...(typeof config.top_p === "number" && config.top_p < 1 && { topP: config.top_p }),
    ...(typeof config.min_p === "number" && config.min_p > 0 && { minP: config.min_p }),
  };
}

function drawNote({ temperature, topK, topP, minP }: GenerationDefaults): string[] {
  if (temperature === undefined) return [];
  const named = Object.entries({ temperature, topK, topP, minP }).filter(
    ([, value]) => value !== undefined,
  );
  const how = named.map(([name, value]) => `${name} ${value}`).join(", ");
  return [
    `${file} would draw tokens with ${how}. The most likely ones are taken unless that is asked for: generate(prompt, { ...model.generationDefaults }).`,
  ];
}

function otherNotes(json: Readonly<Record<string, unknown>>): string[] {
  const found = Object.entries(others).flatMap(([field, off]) => {
    const value = json[field];
    return typeof value === "number" && value !== off ? [`${field} ${value}`] : [];
  });
  if (found.length === 0) return [];
  return [`${found.join(", ")} of ${file} ${found.length === 1 ? "is" : "are"} not applied.`];
}

/** `generation_config.json` may know ends of a turn that `config.json` lacks. */
export function endTokens(folder: string, json: unknown, config: string): readonly number[] {
  const generation = join(folder, file);
  const refined = existsSync(generation) ? readEndTokens(readJsonFile(generation), generation) : [];
  return refined.length > 0 ? refined : readEndTokens(json, config);
}
