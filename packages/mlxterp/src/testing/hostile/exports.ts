/** Every function that a public package exports, so that a new one is tried without anybody adding it. */
import * as analysis from "@mlxterp/analysis";
import * as core from "@mlxterp/core";
import * as data from "@mlxterp/data";
import * as dictionaries from "@mlxterp/dictionaries";
import * as interventions from "@mlxterp/interventions";
import * as mlx from "@mlxterp/mlx";
import * as models from "@mlxterp/models";
import * as results from "@mlxterp/results";
import * as errors from "@mlxterp/results/errors";
import * as server from "@mlxterp/server";
import * as agent from "@mlxterp/server/agent";
import * as client from "@mlxterp/server/client";
import * as viz from "@mlxterp/viz";
import * as interactive from "@mlxterp/viz/interactive";
import * as png from "@mlxterp/viz/png";

/** By package; what is exported twice is called where it stands first. */
const menus: Readonly<Record<string, object>> = {
  // `methods` of analysis and dictionaries stand in their menus, too
  ...{ results, errors, mlx, core, interventions, models, data, analysis, dictionaries },
  ...{ viz, interactive, png, server, client, agent },
};

/** As programs import them. */
export const entryPoints: ReadonlySet<string> = new Set([
  ...["results", "results/errors", "mlx", "core", "interventions", "models", "data"],
  ...["analysis", "analysis/methods", "dictionaries", "dictionaries/methods"],
  ...["viz", "viz/interactive", "viz/png", "server", "server/client", "server/agent"],
].map((path) => `@mlxterp/${path}`)); // biome-ignore format: one list

export interface Exported {
  readonly group: string;
  readonly name: string;
  readonly call: (...args: readonly unknown[]) => unknown;
  /** Of its arguments. */
  readonly length: number;
  readonly value: unknown;
  readonly isClass: boolean;
}

/** Functions and classes without errors, each once. */
export function exportedFunctions(): Exported[] {
  const seen = new Set<unknown>();
  return Object.entries(menus).flatMap(([group, menu]) =>
    Object.entries(menu).flatMap(([name, value]): Exported[] => {
      if (typeof value !== "function" || value.prototype instanceof Error || seen.has(value)) {
        return [];
      }
      seen.add(value);
      const isClass = /^class\b/.test(Function.prototype.toString.call(value));
      const made = (...args: readonly unknown[]) => new (value as new (...all: readonly unknown[]) => unknown)(...args); // biome-ignore format: one line
      return [{ group, name, call: isClass ? made : (value as Exported["call"]), length: value.length, value, isClass }]; // biome-ignore format: one line
    }),
  );
}
