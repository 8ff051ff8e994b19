/** Puts activations of another run in the place of this one's: activation patching. */
import {
  checkPositions,
  type Intervention,
  type Positions,
  type SiteContext,
  type TokenBatch,
} from "@mlxterp/core";
import {
  checkArray,
  checkOptions,
  checkText,
  dtypeName,
  InvalidArgumentError,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { atBatch } from "../at-batch/at-batch.js";
import { atPositions } from "../at-positions/at-positions.js";
import { specify } from "../definition/specification.js";
import {
  formatPath,
  NotSerializableError,
  PromptMismatchError,
  ValueDtypeError,
  ValueShapeError,
} from "../errors.js";
import { sameShape } from "../restrict/apply.js";
import { type ActivationSource, checkSource } from "../values/activation-source.js";
import { rankOf } from "../values/dtypes.js";
import { type Move, movedPositions } from "./moved-positions.js";

/** What to patch; everything by default. */
export interface PatchOptions {
  /** Take the activation of this site instead of the one being patched. */
  readonly site?: string;
  /** Patch these positions only; as in `atPositions`. */
  readonly positions?: Positions;
  /**
   * Take the activations of these positions of the source instead: as many as `positions`, in their order, or one for all.
   * Prompts may then be of other lengths.
   */
  readonly sourcePositions?: Positions;
  /** Patch these rows of the batch only; as in `atBatch`. */
  readonly batch?: number | readonly number[];
}

/**
 * Replaces an activation by the one another run had at the same site (activation patching; Vig et al. 2020, Meng et al. 2022).
 *
 * Shapes must be equal, except that a source of one prompt is used for every prompt of the batch. When the source
 * knows its tokens, every prompt must have as many as its counterpart. In a module's second call the source is asked
 * for `site#1`, and so on. With `sourcePositions` an activation of any layer and position goes to any other (Ghandeharioun et
 * al. 2024, "Patchscopes"). While generating, only the part of the sequence that the source has is patched.
 *
 * @param source an ActivationCache, or anything with `get(site)`; read when the site is reached
 * @returns an intervention whose result has the site's shape and dtype
 * @throws ValueShapeError (`VALUE_SHAPE`); PromptMismatchError (`PROMPT_MISMATCH`) when tokens do not line up;
 *   ValueDtypeError (`VALUE_DTYPE`) for fractions at a site of integers; and what the source throws for a site it lacks
 * @example
 * const clean = await model.run("When Mary and John went out, John gave a book to", { save: "layers.*" });
 * await model.run("When Mary and John went out, Mary gave a book to", {
 *   interventions: { "layers.2": patchFrom(clean, { positions: -1 }) },
 * });
 */
export function patchFrom(source: ActivationSource, options: PatchOptions = {}): Intervention {
  checkOptions<PatchOptions>("patchFrom", options, {
    site: checkText,
    positions: true,
    sourcePositions: checkPositions,
    batch: true,
  });
  checkSource(source);
  const { site: from, positions, sourcePositions, batch } = options;
  if (sourcePositions !== undefined && positions === undefined) {
    const rule =
      "it says where activations come from; say where they go to as well: { positions, sourcePositions }.";
    throw new InvalidArgumentError("sourcePositions", sourcePositions, rule);
  }
  const move =
    sourcePositions === undefined || positions === undefined
      ? undefined
      : { from: sourcePositions, to: positions };
  let patch = specify(
    "patchFrom",
    (x, site) => replacement(x, source, { name: from ?? callName(site), move }, site),
    (path) => {
      throw new NotSerializableError(
        formatPath(path),
        "patchFrom reads from a cache of activations. Save that cache, and make the patch in code.",
      );
    },
  );
  if (positions !== undefined) patch = atPositions(positions, patch);
  return batch === undefined ? patch : atBatch(batch, patch);
}

function callName({ site, call }: SiteContext): string {
  return call === 0 || site.includes("#") ? site : `${site}#${call}`;
}

function replacement(
  x: MxArray,
  source: ActivationSource,
  { name, move }: { readonly name: string; readonly move: Move | undefined },
  context: SiteContext,
): MxArray {
  const value = checkArray(`source.get("${name}")`, source.get(name));
  if (move) {
    if (context.step !== undefined && context.step > 0) return x; // generated tokens are left alone
    return castTo(movedPositions(value, x, move, source.tokens, context), x, context);
  }
  const { shape } = x;
  if (context.step !== undefined && isBehind(value, context)) return x;
  checkTokens(source.tokens, context);
  const batch = context.axes ? context.axes.indexOf("batch") : 0;
  const given = value.shape;
  const oneForAll = given.map((size, axis) => (axis === batch && size === 1 ? shape[axis] : size));
  if (!sameShape(oneForAll, shape)) {
    const rule = `The source's "${name}" must have the same shape, or hold one prompt for the whole batch.`;
    throw new ValueShapeError("patchFrom", context.site, given, shape, rule);
  }
  return mx.broadcastTo(castTo(value, x, context), shape); // a new handle, so that the cache's own stays untouched
}

/** @throws ValueDtypeError (`VALUE_DTYPE`) for fractions at a site of integers */
function castTo(value: MxArray, x: MxArray, { site }: SiteContext): MxArray {
  if (rankOf(value.dtype) > rankOf(x.dtype)) {
    throw new ValueDtypeError("patchFrom", site, dtypeName(value.dtype), dtypeName(x.dtype));
  }
  return value.dtype === x.dtype ? value : value.astype(x.dtype);
}

/** Whether the source ends before the tokens of this generation step. */
function isBehind(value: MxArray, { axes, offset }: SiteContext): boolean {
  const position = axes?.findIndex((axis) => axis === "position" || axis === "query") ?? -1;
  return position >= 0 && value.ndim === axes?.length && offset >= value.shape[position];
}

function checkTokens(theirs: TokenBatch | undefined, { site, tokens: ours }: SiteContext): void {
  if (!theirs || !ours || theirs.lengths === ours.lengths) return;
  const one = theirs.lengths.length === 1;
  for (let prompt = 0; prompt < ours.lengths.length; prompt++) {
    const length = theirs.lengths[one ? 0 : prompt];
    if (length === undefined || length === ours.lengths[prompt]) continue;
    throw new PromptMismatchError(site, prompt, `${length} tokens`, `${ours.lengths[prompt]}`);
  }
  const ragged = ours.lengths.some((length) => length !== ours.lengths[0]);
  if (ragged && theirs.padding !== ours.padding) {
    const received = `tokens padded on the ${theirs.padding}`;
    throw new PromptMismatchError(site, 0, received, `padding on the ${ours.padding}`);
  }
}
