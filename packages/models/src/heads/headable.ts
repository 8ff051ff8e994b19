/** What a family says of its layers, so that another head may stand on them. */
import type { WeightTable } from "../checkpoint/table/weight-table.js";
import type { DecoderConfig } from "../decoder/config/config.js";
import type { BertConfig } from "../encoder/config.js";
import type { ClassifierConfig, HeadConfig } from "./config.js";
import type { HeadedModule } from "./headed-body.js";

/** Where files have the parts of a classifier, and what stands before it. */
export interface ClassifierLayout extends Pick<ClassifierConfig, "pooling" | "transform"> {
  /** By module path in the file; `head.classifier` is that of the scores. */
  readonly names: Readonly<Record<string, string>>;
}

/** Layers that another head may stand on. */
export interface Headable {
  readonly config: DecoderConfig | BertConfig;
  /** With the names of the family's own head. */
  readonly weights: WeightTable;
  create(head: HeadConfig): HeadedModule;
  classifier(kind: ClassifierConfig["kind"]): ClassifierLayout;
}

/** The classifiers of decoders, which read the last token. */
export const decoderClassifier: Headable["classifier"] = () => ({
  pooling: "last",
  names: { score: "head.classifier", classifier: "head.classifier" },
});

/**
 * The names of a family's layers with those of another head in place of its own, which files may still hold.
 *
 * @param unwanted names of further heads that files may hold
 */
export function withHead(
  table: WeightTable,
  names: ClassifierLayout["names"],
  unwanted: readonly string[] = [],
): WeightTable {
  const own = Object.keys(table.modules).filter((name) => leadsToHead(table.modules[name]));
  const body = Object.entries(table.modules).filter(([name]) => !own.includes(name));
  const replaced = new RegExp(
    `^(?:${escaped(table.optionalPrefix)})?(?:${[...own, ...unwanted, "pooler.dense"].map(escaped).join("|")})\\.`,
  );
  const wanted = Object.keys(names);
  const free = (pattern: RegExp) => !wanted.some((name) => pattern.test(`${name}.weight`));
  return {
    ...table,
    modules: { ...Object.fromEntries(body), ...names },
    ignored: [...table.ignored, replaced].filter(free),
  };
}

function leadsToHead(entry: WeightTable["modules"][string]): boolean {
  const targets = typeof entry === "string" ? [entry] : entry.into;
  return targets.some((target) => /^(lmHead|head)(\.|$)/.test(target));
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
