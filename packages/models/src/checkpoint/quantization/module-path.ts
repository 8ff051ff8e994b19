/** Finds and replaces modules by their paths. */
import type { Module } from "@mlxterp/mlx";

/** @param path such as `layers.0.mlp.downProj`; undefined where there is nothing */
export function moduleAt(root: Module, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], root);
}

/** Puts another module at a path; the root is changed. */
export function replaceModule(root: Module, path: string, module: Module): void {
  const keys = path.split(".");
  const last = keys.pop() as string;
  const parent = keys.length === 0 ? root : moduleAt(root, keys.join("."));
  Reflect.set(parent as object, last, module);
}

/** `layers.0.mlp.downProj.weight` → `layers.0.mlp.downProj` */
export function moduleOf(parameter: string): string {
  return parameter.slice(0, parameter.lastIndexOf("."));
}
