/** How the tensors of a checkpoint become the decoder's parameters: renamed, transposed or split. */
import type { MxArray } from "@mlxterp/mlx";

/** A tensor of the file as some parameters of the decoder; both ends are module paths, `*` a layer. */
export interface WeightRule {
  /** The decoder's modules that share the tensor, in order. */
  readonly into: readonly string[];
  /** Turns the tensor into one array per module; the shape is checked beforehand. */
  readonly transform?: (tensor: MxArray, kind: string) => readonly MxArray[];
  /** The shape of the tensor, from the shapes of the parameters. Default: the same. */
  readonly storedShape?: (parameters: readonly (readonly number[])[], kind: string) => number[];
}

/** A family's names. */
export interface WeightTable {
  /** Published files may lack this beginning. */
  readonly optionalPrefix: string;
  /** By module path in the file, without that beginning; a plain string renames. */
  readonly modules: Readonly<Record<string, string | WeightRule>>;
  /** Stored buffers that are no weights. */
  readonly ignored: readonly RegExp[];
}

/** Where one tensor of a file goes. */
export interface WeightTarget {
  readonly tensor: string;
  /** `weight` or `bias`. */
  readonly kind: string;
  /** Paths of parameters, such as `layers.0.mlp.upProj.weight`. */
  readonly parameters: readonly string[];
  readonly rule: WeightRule;
}

/**
 * Looks a tensor up.
 *
 * @returns `"ignored"` for stored buffers, undefined for a name the family does not know
 */
export function findTarget(
  table: WeightTable,
  tensor: string,
): WeightTarget | "ignored" | undefined {
  if (table.ignored.some((pattern) => pattern.test(tensor))) return "ignored";
  const { optionalPrefix: prefix } = table;
  const name = tensor.startsWith(prefix) ? tensor.slice(prefix.length) : tensor;
  const layer = /\.(\d+)\./.exec(name)?.[1] ?? "";
  const [, path, kind] = /^(.*)\.(weight|bias)$/.exec(name.replace(/\.\d+\./, ".*.")) ?? [];
  if (path === undefined || !Object.hasOwn(table.modules, path)) return undefined;
  const entry = table.modules[path];
  const rule = typeof entry === "string" ? { into: [entry] } : entry;
  const parameters = rule.into.map((module) => `${module.replace("*", layer)}.${kind}`);
  return { tensor, kind, parameters, rule };
}

/**
 * A layer whose weight is stored (in, out), as GPT-2's Conv1D is; several modules side by side if fused.
 */
export function conv1d(...into: string[]): WeightRule {
  return {
    into,
    transform: (tensor, kind) => {
      const parts = into.length === 1 ? [tensor] : tensor.split(into.length, -1).map(compact);
      return kind === "weight" ? parts.map((part) => part.T) : parts;
    },
    storedShape: (parameters, kind) => {
      const columns = parameters.reduce((sum, shape) => sum + shape[0], 0);
      return kind === "weight" ? [parameters[0][1], columns] : [columns];
    },
  };
}

/** A copy with its own memory: a product with a mere slice would copy it at every call. */
function compact(slice: MxArray): MxArray {
  return slice.reshape([-1]).reshape(slice.shape);
}
