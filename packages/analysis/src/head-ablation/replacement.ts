/** What takes the place of heads: zero, or their mean over prompts. */
import { mx } from "@mlxterp/mlx";
import { meanActivations } from "../patching/means.js";
import { siteOf } from "../patching/parts.js";
import type { Source } from "../patching/runs.js";
import type { AnalysisModel } from "../shared/model.js";
import { promptIds } from "../shared/prompts.js";
import type { Question } from "../shared/questions.js";
import type { AskedAblation } from "./options.js";
import type { HeadAddress } from "./result.js";

type Asked = Pick<AskedAblation, "method" | "reference" | "eachPosition" | "batchSize" | "signal">;

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) where no reference prompt reaches a position */
export async function replacementOf(
  model: AnalysisModel,
  heads: readonly HeadAddress[],
  prompts: readonly Question[],
  { method, reference, eachPosition, batchSize, signal }: Asked,
): Promise<Source> {
  if (method === "zero") return { at: () => mx.array(0) };
  const own = prompts.map(({ ids }) => ids);
  const longest = Math.max(...own.map(({ length }) => length));
  const sites = [...new Set(heads.map(([layer]) => siteOf("head", layer)))];
  const means = await meanActivations(model, sites, reference ? promptIds(model, reference) : own, {
    batchSize,
    axisOf: () => 1,
    eachPosition: eachPosition ? longest : null,
    signal,
  });
  return { at: (site) => means.get(site)! };
}
