/** The published packages from outside: packed, installed in an empty folder, compiled strictly, and run. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishablePackages } from "../scripts/lib/packages.mjs";
import { compileAndRun, installConsumer } from "./support/consumer.js";
import { filesBelow } from "./support/workspace.js";

const patience = 180_000;
/** Outside the checkout, whose node_modules would hide a dependency that a package forgot to declare. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), "mlxterp-consumer-")));

beforeAll(() => installConsumer(folder), patience);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A model that is nobody's: two linear layers under the names of the user's own choosing. */
const program = `
import { InterpretableModel, mx, nn, scale } from "mlxterp";

class TwoLayers extends nn.Module {
  first = new nn.Linear(4, 8);
  second = new nn.Linear(8, 2);
  override forward(x: ReturnType<typeof mx.array>) {
    return this.second.forward(this.first.forward(x));
  }
}

const model = new InterpretableModel(new TwoLayers());
const x = mx.array([[1, 2, 3, 4]]);
const before = await model.run(x, { save: ["first", "output"] });
const after = await model.run(x, { save: "first", interventions: { first: scale(0) } });
const norm = (site: string, cache: typeof before) => Number(mx.abs(cache.get(site)).sum().item());
console.log(JSON.stringify({ sites: before.keys(), open: norm("first", before) > 0, closed: norm("first", after) }));
`;

describe("mlxterp installed from its tarballs", () => {
  it("brings every package and the binding, once each", () => {
    const installed = (scope: string) => readdirSync(join(folder, "node_modules", scope)).sort();
    const scoped = publishablePackages().flatMap(
      ({ name }) => name.match(/^@mlxterp\/(.*)$/)?.[1] ?? [],
    );
    expect(installed("@mlxterp")).toEqual(scoped.sort());
    expect(installed("@frost-beta")).toEqual(["mlx"]);
  });

  it("publishes no declaration that imports the binding, and no source or test", () => {
    for (const { name } of publishablePackages()) {
      const home = join(folder, "node_modules", name);
      const declarations = filesBelow(join(home, "dist"), [".d.ts"]);
      expect(readdirSync(home)).not.toContain("src");
      expect(declarations.length).toBeGreaterThan(0);
      for (const file of declarations) {
        expect(readFileSync(file, "utf8"), file).not.toMatch(/["']@frost-beta\/mlx/);
      }
    }
  });

  it(
    "compiles under a plain strict compiler and traces a model of the consumer's own",
    () => {
      const printed = JSON.parse(compileAndRun(folder, program));
      expect(printed).toEqual({ sites: ["first", "output"], open: true, closed: 0 });
    },
    patience,
  );
});
