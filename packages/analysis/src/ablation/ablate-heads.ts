/**
 * Head ablation: what the model can still do without some of its heads.
 *
 * Each named head's mix of values is replaced, by zeros or by its mean over prompts and positions, and the metric is
 * taken again. What falls is what the model used these heads for.
 *
 * Caveats. Zero is a value that the head may never take, and the shock of it can hurt by itself; the mean keeps what is the
 * same on all prompts and removes what tells them apart (Wang et al. 2022, arXiv 2211.00593, section 2). Other heads may
 * step in (McGrath et al. 2023, "The Hydra Effect", arXiv 2307.15771). Compare with as many random heads.
 */
import { InvalidPromptError, type Interventions } from "@mlxterp/core";
import { atHeads, meanAblate, zeroOut } from "@mlxterp/interventions";
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { type Answer, resolveAnswers } from "../answers.js";
import { lastLogits, lazyPass } from "../lazy-pass.js";
import { chooseMetric, createMetric, type Metric, metricName } from "../metrics.js";
import type { AnalysisModel } from "../model.js";
import type { RunControl } from "../progress.js";
import {
  type ManyPrompts,
  type OnePrompt,
  type PromptTokens,
  promptIds,
  promptList,
  promptTokens,
  type TokenText,
} from "../prompts.js";
import { provenanceOf, type ResultProvenance } from "../provenance.js";
import { select } from "../select.js";
import { meanActivations } from "./mean-activations.js";
