/** How the tensors of a checkpoint become the decoder's parameters: renamed, transposed or split. */
import type { MxArray } from "@mlxterp/mlx";

/**
 * A tensor of the file as some parameters of the module; both ends are module paths, `*` a layer. A second `*` in the
 * file's path counts the pieces that lie one behind the other along the parameter's first axis, as experts do; a number in its
 * place is part of the name.
 */
export interface WeightRule {
  /** The modules that share the tensor, in order. */
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
  /** Tensors whose names end in neither `weight` nor `bias`, by their whole names; `into` then names whole parameters. */
  readonly parameters?: Readonly<Record<string, string | WeightRule>>;
  /** Names, without that beginning, of tensors that hold a parameter once more: they are left out, and must say the same. */
  readonly copies?: Readonly<Record<string, string>>;
  /** Stored buffers that are no weights. */
  readonly ignored: readonly RegExp[];
  /** What a wrapper puts before the names of the language model in it; taken off first. */
  readonly wrapper?: RegExp;
}

/** Where one tensor of a file goes. */
export interface WeightTarget {
  readonly tensor: string;
  /** `weight` or `bias`; empty for a parameter of another name. */
  readonly kind: string;
  /** Paths of parameters, such as `layers.0.mlp.upProj.weight`. */
  readonly parameters: readonly string[];
  /** Where along the parameter's first axis the tensor belongs, if it is not the whole. */
  readonly piece: number | undefined;
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
  const name = withoutPrefix(table, tensor);
  if (own(table.copies ?? {}, name)) return "ignored";
  const [layer = "", second] = [...name.matchAll(/\.(\d+)(?=\.)/g)].map(([, digits]) => digits);
  const named = findRule(table, name.replace(/\.\d+(?=\.)/, ".*"));
  const found = named ?? findRule(table, name.replace(/\.\d+(?=\.)/g, ".*"));
  if (!found) return undefined;
  const { rule, kind } = found;
  const piece = named || second === undefined ? undefined : Number(second);
  const parameters = rule.into.map(
    (path) => path.replace("*", layer) + (kind === "" ? "" : `.${kind}`),
  );
  return { tensor, kind, parameters, piece, rule };
}

/** The name without what may stand before it. */
export function withoutPrefix({ optionalPrefix, wrapper }: WeightTable, tensor: string): string {
  const inner = wrapper ? tensor.replace(wrapper, "") : tensor;
  return inner.startsWith(optionalPrefix) ? inner.slice(optionalPrefix.length) : inner;
}

/** What old files call the parameters of a norm. */
const kinds: Readonly<Record<string, string>> = { gamma: "weight", beta: "bias" };

function findRule(
  table: WeightTable,
  name: string,
): { rule: WeightRule; kind: string } | undefined {
  const [, path, ending] = /^(.*)\.(weight|bias|gamma|beta)$/.exec(name) ?? [];
  const module = path !== undefined && own(table.modules, path);
  const entry = module || own(table.parameters ?? {}, name);
  if (!entry) return undefined;
  const rule = typeof entry === "string" ? { into: [entry] } : entry;
  return { rule, kind: module ? (kinds[ending] ?? ending) : "" };
}

function own<T>(entries: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
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
export function compact(slice: MxArray): MxArray {
  return slice.reshape([-1]).reshape(slice.shape);
}
