/** The published packages from outside: packed, installed in an empty folder, compiled strictly, and run. */
import { spawnSync } from "node:child_process";
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
const ownModel = `
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
const open = await model.run(x, { save: ["first", "output"] });
const closed = await model.run(x, { save: "first", interventions: { first: scale(0) } });
const size = (cache: typeof open) => Number(mx.abs(cache.get("first")).sum().item());
console.log(JSON.stringify({ sites: open.keys(), open: size(open) > 0, closed: size(closed) }));
`;

/** The model that is published with the package, from its files in node_modules. */
const shippedModel = `
import { loadModel } from "mlxterp";

const model = await loadModel("tiny");
const cache = await model.run([1, 2, 3], { save: ["layers.*", "output"] });
const saved = cache.size - 1 === model.anatomy.layers;
console.log(JSON.stringify({ saved, shape: cache.get("output").shape }));
`;

describe("mlxterp installed from its tarballs", () => {
  it("brings every package and the binding, once each", () => {
    const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
    const copies = Object.keys(lock.packages).map((path) => path.split("node_modules/").at(-1));
    for (const name of [
      ...publishablePackages().map((one) => one.name),
      "@frost-beta/mlx",
      "zod",
    ]) {
      expect(
        copies.filter((copy) => copy === name),
        name,
      ).toHaveLength(1);
    }
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
      const printed = JSON.parse(compileAndRun(folder, ownModel));
      expect(printed).toEqual({ sites: ["first", "output"], open: true, closed: 0 });
    },
    patience,
  );

  it(
    "loads the model that comes with it, offline",
    () => {
      const printed = JSON.parse(compileAndRun(folder, shippedModel));
      expect(printed).toEqual({ saved: true, shape: [1, 3, expect.any(Number)] });
    },
    patience,
  );

  it("has a command that knows its version and refuses wrong arguments with status 2", () => {
    const command = join(folder, "node_modules/.bin/mlxterp");
    const [{ version }] = publishablePackages().filter(({ name }) => name === "mlxterp");
    const right = spawnSync(command, ["--version"], { encoding: "utf8" });
    const wrong = spawnSync(command, ["lens", "--nonsense"], { encoding: "utf8" });
    expect(right).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(wrong).toMatchObject({ status: 2, stdout: "" });
  });
});
