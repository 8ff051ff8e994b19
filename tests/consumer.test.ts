/** The published packages from outside: packed, installed in an empty folder, compiled strictly, and run. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishablePackages } from "../scripts/lib/packages.mjs";
import { compile, installConsumer, runCompiled, runPlain } from "./support/consumer.js";
import { markdownExamples } from "./support/examples/collect.js";
import { nodeProgram, nodeVersions, parsesUsing } from "./support/nodes.js";
import { sweep } from "./support/sweeps.js";
import { filesBelow, root } from "./support/workspace.js";

const patience = 600_000; // a build, where nothing is built yet, on a machine that may be busy
/** Outside the checkout, whose node_modules would hide a dependency that a package forgot to declare. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), "mlxterp-consumer-")));

beforeAll(() => {
  installConsumer(folder);
  compile(folder, { ownModel, shippedModel });
}, patience);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
}, patience);

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

/** Everything that closes at the end of a block, in the syntax of Node 24; plain JavaScript. */
const nativeUsing = `
import { loadModel } from "mlxterp";

const model = await loadModel("tiny");
const closed = [];
{
  using trace = model.trace("the");
  closed.push(trace);
}
{
  await using trace = model.trace("the");
  trace.layers[0].save();
  closed.push(trace);
}
{
  using batch = model.trace();
  closed.push(batch);
}
{
  await using batch = model.trace();
  batch.invoke("the").output.save();
  closed.push(batch);
}
{
  using cache = await model.run("the", { save: "output" });
  await using again = await model.run("the", { save: "output" });
  using rollout = await model.rollout("the", { save: "layers.*", maxTokens: 2 });
  await using other = await model.rollout("the", { save: "layers.*", maxTokens: 2 });
  using prefix = await model.readPrefix("the");
  await using more = await model.readPrefix("the");
}
console.log(JSON.stringify(closed.map(({ disposed }) => disposed)));
`;

/** The first block that a reader of the README copies, as it stands. */
const firstBlock = () => {
  const text = readFileSync(join(root, "README.md"), "utf8");
  const [{ code }] = markdownExamples(text, "README.md", "mlxterp");
  return `${code}\nconsole.log(JSON.stringify(pattern.shape.length));\n`;
};

const versions = sweep(nodeVersions, String, ["22", "24"]);

describe.each(versions)("on Node %d", (major) => {
  const program = nodeProgram(major);
  const note = program
    ? ""
    : " (skipped: the registry is out of reach, or has no build for this machine)";

  it.skipIf(!program)(
    `the README's first block runs as plain JavaScript, as it stands${note}`,
    () => {
      expect(JSON.parse(runPlain(folder, program!, firstBlock()))).toBe(4);
    },
    patience,
  );

  const native = program !== undefined && parsesUsing(major);
  const reason = parsesUsing(major) ? note : " (skipped: it does not parse there)";
  it.skipIf(!native)(
    `everything closes under native using${reason}`,
    () => {
      expect(JSON.parse(runPlain(folder, program!, nativeUsing))).toEqual([true, true, true, true]);
    },
    patience,
  );

  it.skipIf(!program)(
    `compiled programs run${note}`,
    () => {
      const printed = JSON.parse(runCompiled(folder, "shippedModel", program));
      expect(printed).toEqual({ saved: true, shape: [1, 3, expect.any(Number)] });
    },
    patience,
  );
});

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
      const printed = JSON.parse(runCompiled(folder, "ownModel"));
      expect(printed).toEqual({ sites: ["first", "output"], open: true, closed: 0 });
    },
    patience,
  );

  it(
    "loads the model that comes with it, offline",
    () => {
      const printed = JSON.parse(runCompiled(folder, "shippedModel"));
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

  it(
    "serves the explorer's page, with its scripts and a model, to this machine",
    async () => {
      const command = join(folder, "node_modules/.bin/mlxterp");
      const served = spawn(command, ["explore", "--port", "0"], { cwd: folder });
      const ended = once(served, "exit");
      try {
        let printed = "";
        for await (const part of served.stdout) {
          printed += part;
          if (printed.includes("model=")) break;
        }
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(printed) ?? [];
        const page = await (await fetch(`${url}/`)).text();
        const [, script] = /src="\.(\/[^"]+\.js)"/.exec(page) ?? [];
        expect((await fetch(`${url}${script}`)).headers.get("content-type")).toContain(
          "javascript",
        );
        const capabilities = await (await fetch(`${url}/api/capabilities`)).json();
        expect(capabilities).toMatchObject({ models: [{ id: "tiny" }] });
      } finally {
        served.kill("SIGINT");
        await ended;
      }
    },
    patience,
  );

  it("has a command that keeps the pages of large results", () => {
    const tell = "data:text/javascript,process.stderr.write(String(process.env.MALLOC_ARENA_MAX))";
    const env = { ...process.env, NODE_OPTIONS: `--import=${tell}` };
    const command = join(folder, "node_modules/.bin/mlxterp");
    const { stderr } = spawnSync(command, ["--version"], { encoding: "utf8", env });
    expect(stderr).toBe("1");
    const [line] = readFileSync(command, "utf8").split("\n");
    expect(line.length).toBeLessThan(127); // older kernels read no further
    expect(line).toMatch(/^#!\/usr\/bin\/env -S env /); // pnpm writes what follows "-S" after "exec"
  });
});
