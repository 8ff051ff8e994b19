/** A workplace from what a server or an agent's tools were started with. */
import type { LanguageModel } from "@mlxterp/models";
import type { Method } from "@mlxterp/results";
import type { ServerLimits } from "../limits/limits.js";
import { ModelStore } from "../models/model-store.js";
import { FairQueue } from "../queue/fair-queue.js";
import { TensorStore } from "../tensors/tensor-store.js";
import type { Workplace } from "./workplace.js";

export interface WorkplaceSettings {
  readonly methods: readonly Method[];
  readonly models?: readonly LanguageModel[];
  readonly roots?: readonly string[];
  readonly downloads?: boolean;
  readonly limits: ServerLimits;
}

export function createWorkplace({ methods, limits, ...settings }: WorkplaceSettings): Workplace {
  const { models = [], roots = [], downloads = true } = settings;
  return {
    methods,
    limits,
    models: new ModelStore({ models, roots, downloads, most: limits.models }),
    queue: new FairQueue(limits),
    tensors: new TensorStore(limits),
  };
}
