/** What a checkpoint says of its classifier: the labels, and what of the layout is there. */
import { z } from "zod";
import type { TensorEntry } from "../checkpoint/files/safetensors-header.js";
import { UnsupportedConfigError } from "../errors.js";
import type { ClassifierConfig } from "./config.js";
import type { ClassifierLayout } from "./headable.js";

const fields = z.object({
  id2label: z.record(z.string(), z.string()).nullish(),
  num_labels: z.int().positive().nullish(),
  pad_token_id: z.int().nonnegative().nullish(),
});

/** The tensor of the scores; undefined where the files hold no such classifier. */
export function classifierTensor(
  { names }: ClassifierLayout,
  tensors: readonly TensorEntry[],
): TensorEntry | undefined {
  const scores = Object.keys(names).filter((name) => names[name] === "head.classifier");
  return tensors.find((entry) => scores.some((name) => entry.name === `${name}.weight`));
}

/**
 * @param scores its matrix
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for labels that are not those of the matrix
 */
export function readClassifier(
  kind: ClassifierConfig["kind"],
  { json, file }: { readonly json: unknown; readonly file: string },
  { pooling, transform }: ClassifierLayout,
  { tensors, scores }: { readonly tensors: readonly TensorEntry[]; readonly scores: TensorEntry },
): ClassifierConfig {
  const parsed = fields.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = String(issue.path[0]);
    const value = (json as Record<string, unknown>)[field];
    throw new UnsupportedConfigError(field, value, file, `${issue.message}.`);
  }
  const { pad_token_id: padToken } = parsed.data;
  const bias = tensors.some(({ name }) => name === scores.name.replace(/weight$/, "bias"));
  return {
    ...{ kind, labels: labelsOf(parsed.data, scores.shape[0], file), bias },
    ...(transform && { transform }),
    ...(kind === "sequence" && { pooling }),
    ...(kind === "sequence" && padToken !== undefined && padToken !== null && { padToken }),
  };
}

function labelsOf(
  { id2label, num_labels: count }: Pick<z.output<typeof fields>, "id2label" | "num_labels">,
  rows: number,
  file: string,
): string[] {
  const said = id2label ? Object.keys(id2label).length : (count ?? rows);
  if (said !== rows) {
    const rule = `The files have scores for ${rows} labels.`;
    throw new UnsupportedConfigError(id2label ? "id2label" : "num_labels", said, file, rule);
  }
  return Array.from({ length: rows }, (_, index) => id2label?.[index] ?? `LABEL_${index}`);
}
