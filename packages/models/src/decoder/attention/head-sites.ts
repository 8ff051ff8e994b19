/** The sites that every attention has, whatever its queries, keys and values are computed from. */
import { Tap } from "@mlxterp/core";

/** Each is made once for each layer. */
export const headSites = {
  q: () =>
    new Tap(["batch", "heads", "position", "headDim"], {
      holds: "Queries by head before rotation, after clipping and any norm that comes before it.",
      hook: "hook_q",
    }),
  k: () =>
    new Tap(["batch", "kvHeads", "position", "headDim"], {
      holds: "Keys by head before rotation, after clipping and any norm that comes before it.",
      hook: "hook_k",
    }),
  v: () =>
    new Tap(["batch", "kvHeads", "position", "headDim"], {
      holds: "Values by head.",
      hook: "hook_v",
    }),
  qRot: () =>
    new Tap(["batch", "heads", "position", "headDim"], {
      holds:
        "Queries as scores read them: after rotation and any norm that comes after it, else the same as `q`.",
      hook: "hook_rot_q",
    }),
  kRot: () =>
    new Tap(["batch", "kvHeads", "position", "headDim"], {
      holds:
        "Keys as scores read them: after rotation and any norm that comes after it, else the same as `k`.",
      hook: "hook_rot_k",
    }),
  scores: () =>
    new Tap(["batch", "heads", "query", "key"], {
      holds: "Scores of the keys: scaled, capped, biased and masked, before the softmax.",
      hook: "hook_attn_scores",
    }),
  pattern: () =>
    new Tap(["batch", "heads", "query", "key"], {
      holds: "How much each query takes of each key.",
      hook: "hook_pattern",
    }),
  z: () =>
    new Tap(["batch", "position", "heads", "headDim"], {
      holds: "Each head's mix of values.",
      hook: "hook_z",
    }),
  gate: () =>
    new Tap(["batch", "position", "heads", "headDim"], {
      holds:
        "What multiplies `z` before it is written, before the sigmoid; only where there is an output gate.",
    }),
  result: () =>
    new Tap(["batch", "position", "heads", "hidden"], {
      holds:
        "What each head writes, behind any output gate, times `outputScale` if there is one. With the bias of `oProj` they add up to the output or, where there is a `postNorm`, to what it reads; while this is changed, `oProj` is not called.",
      hook: "hook_result",
    }),
} as const;
