/** The command as a whole: what it prints, how wide, and with which exit code. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { sweep } from "../../../analysis/src/testing/sweeps.js";
import { commands } from "./commands/index.js";
import { invoke, sharedModel, widestLine } from "./test-support.js";

/** Commands that find something, and end with it; the others serve until they are interrupted. */
const finding = commands.filter(({ options }) => "out" in options);

const folder = mkdtempSync(join(tmpdir(), "mlxterp-cli-"));
writeFileSync(join(folder, "file"), "");
afterAll(() => rmSync(folder, { recursive: true }));

describe("help and version", () => {
  it("lists every command", async () => {
    const { code, stdout } = await invoke(["--help"]);
    expect(code).toBe(0);
    for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^  ${name} +[A-Z]`, "m"));
  });

  it.each(commands.map(({ name }) => name))("shows the options of %s", async (name) => {
    const { code, stdout, stderr } = await invoke([name, "--help"], {
      environment: { COLUMNS: "70" },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.includes("--out <file>")).toBe(!["serve", "mcp", "explore"].includes(name));
    expect(widestLine(stdout.slice(0, stdout.indexOf("Examples")))).toBeLessThanOrEqual(70);
  });

  it.each([["--version"], ["-v"]])("prints the version for %s", async (flag) => {
    expect(await invoke([flag])).toEqual({ code: 0, stdout: "1.2.3\n", stderr: "" });
  });

  it("is the same for help VERB, VERB --help and VERB -h", async () => {
    const asked = [["help", "lens"], ["lens", "--help"], ["lens", "-h"], ["help", "lens", "-h"]]; // biome-ignore format: four ways
    const shown = await Promise.all(asked.map((argv) => invoke(argv)));
    expect(new Set(shown.map(({ stdout }) => stdout)).size).toBe(1);
    expect(shown[0]).toMatchObject({ code: 0, stderr: "" });
    expect((await invoke(["-h"])).stdout).toBe((await invoke(["help"])).stdout);
  });

  it("names the variables of the environment that the code reads", async () => {
    const { stdout } = await invoke(["--help"]);
    for (const name of ["HF_HOME", "HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE", "NO_COLOR"]) {
      expect(stdout).toContain(name);
    }
  });

  it.each(finding.filter(({ name }) => name !== "demo").map(({ name }) => name))(
    "says that %s takes every option of loading",
    async (name) => {
      const { stdout } = await invoke(["help", name]);
      for (const option of ["model", "revision", "offline", "quantize", "adapter", "chat"]) {
        expect(stdout).toMatch(new RegExp(`^  --${option}\\b`, "m"));
      }
    },
  );
});

describe("wrong arguments", () => {
  it.each([
    [[], "Name a command"],
    [["lenz"], 'There is no command "lenz". Did you mean lens?'],
    [["--json", "lens"], "There is no option --json before a command"],
    [["lens", "--nonsense"], "There is no option --nonsense"],
    [["lens", "--top-k"], "--top-k needs a value"],
    [["lens", "--top-k", "many"], "--top-k needs an integer"],
    [["lens", "two", "prompts"], '"prompts" is one argument too many. Put the prompt in quotes.'],
    [["lens", "text", "--tokens", "1"], "not both"],
    [["lens", "--model", "./somewhere"], "Give a prompt"],
    [["lens", "--answer", "no such word"], "An answer must be one token"],
    [["lens", "--tokens", "1,99999"], "99999"],
    [["trace", "--sites", "layers.99"], "layers.99"],
    [["trace", "--intervene", "layers.1.mpl=zeroOut()"], "layers.1.mlp"],
    [["trace", "--intervene", "layers.1.mlp=vanish()"], "vanish"],
    [["attention", "--layers", "99"], "99"],
    [["patch", "--clean", "a"], "--corrupted, --answer is missing"],
    [["patch", "--kinds", "everything"], "--kinds takes residual"],
    [["patch", "--direction", "noise"], "--direction takes denoising, noising"],
    [["patch", "--heads", "1"], 'heads belongs to the kinds "head"'],
    [["ablate"], "--heads is missing"],
    [["ablate", "--heads", "9.0"], "Layer 9"],
    [["rerun"], "rerun needs the file of a result"],
    [["rerun", "nowhere.json"], "nowhere.json"],
    [["--methods"], "--methods needs a value"],
    [["--methods", "./nowhere.js", "mine"], "there is no such file"],
    [["generate", "--steer", "layers.1"], "--steer needs site=A - B * factor"],
    [["generate", "--top-p", "2"], "--top-p needs a number from 0 to 1"],
    [["trace", "--out", "nowhere/report.html"], "is not a folder one can write in"],
    [["trace", "--out", "a\0.html"], "has a character that no file name has"],
    [["trace", "--out", "file/report.html"], "is not a folder one can write in"],
    [["serve", "--port", "0", "--host", "a b"], "--host a b: this machine has no such address"],
    [["heads", "--sequences", "2147483648"], "sequences: "],
    [["steer", "--nulls", "2147483648"], "--nulls needs an integer from 0 to 1000"],
    [["causal", "--samples", "1000"], "--samples needs an integer from 1 to 100"],
    [["trace", "--out", "report.pdf"], "does not say what to write: end it in .html"],
    [["trace", "--revision", "main"], "--revision is of hub models; tiny has none"],
    [["trace", "--quantize", "3"], "--quantize takes 2, 4 or 8 bits"],
    [["trace", "--chat", "--tokens", "1,2"], "--chat needs a prompt as text"],
    [["verify", "--chat"], "--chat needs a prompt"],
    [["trace", "-"], "Standard input holds no prompt"],
    [["help", "lenz"], "Did you mean lens?"],
    [["help", "lens", "patch"], "help takes one command"],
    [["trace", "--out", "."], "is a folder"],
    [["demo", "a prompt"], "one argument too many"],
  ])("%j are told in one line, with exit code 2", async (argv, message) => {
    const { code, stdout, stderr } = await invoke(argv, { folder });
    expect(stderr).toContain(message);
    expect({ code, stdout, lines: stderr.trimEnd().split("\n").length }).toEqual({
      code: 2,
      stdout: "",
      lines: 1,
    });
    expect(stderr).toMatch(/^mlxterp/);
  });

  it("come with their origin when debugging", async () => {
    const { stderr } = await invoke(["lens", "--top-k", "0", "--debug"]);
    expect(stderr).toContain("UsageError");
    expect(stderr).toContain("options.ts");
  });
});

it("tells in one line what the system does not let it write, and leaves nothing", async () => {
  const own = mkdtempSync(join(folder, "long-"));
  const name = `${"x".repeat(300)}.json`;
  const { code, stderr } = await invoke(["sites", "--out", name], { folder: own });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^mlxterp sites: .*x\.json could not be written \(ENAMETOOLONG: [^']*\)\. Name another place with --out\.\n$/,
  );
  expect(readdirSync(own)).toEqual([]);
});

it("ends with 130 when interrupted", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  const { code, stdout, stderr } = await invoke(["trace"], { signal });
  expect({ code, stdout, stderr }).toEqual({
    code: 130,
    stdout: "",
    stderr: "mlxterp trace: interrupted\n",
  });
});

/** Every command with the options of its tables; those first that differ in what they show: sites, words, maps, running text. */
const invocations: Readonly<Record<string, readonly string[]>> = {
  trace: ["trace", "--sites", "layers.*.selfAttn.z", "--sites", "output"],
  lens: ["lens", "--answer", "Mary", "--top-k", "3"],
  patch: ["patch", "--kinds", "residual,head"],
  generate: ["generate", "--max-tokens", "3"],
  verify: ["verify"],
  attention: ["attention", "--layers", "1"],
  heads: ["heads", "--sequences", "2"],
  attribute: ["attribute"],
  ablate: ["ablate", "--heads", "2.1,-1.0"],
  sites: ["sites", "--sites", "layers.0.*"],
};

describe.each(sweep(Object.entries(invocations), 5))(
  "%s on the model that comes along",
  (name, argv) => {
    it.each([40, 100])("fits into %i columns", async (columns) => {
      const { code, stdout, stderr } = await invoke(argv, {
        environment: { COLUMNS: `${columns}` },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      // generated text is passed on as it comes
      if (name !== "generate") expect(widestLine(stdout)).toBeLessThanOrEqual(columns);
      expect(stdout).not.toContain("\u001B[");
    });

    it("prints data only with --json", async () => {
      const { code, stdout, stderr } = await invoke([...argv, "--json"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(Object.keys(JSON.parse(stdout)).length).toBeGreaterThan(1);
    });

    it("writes one self-contained page with --out", async () => {
      const own = join(folder, name);
      mkdirSync(own);
      const { code, stdout } = await invoke([...argv, "--out", "report.html"], { folder: own });
      expect(code).toBe(0);
      expect(stdout).toContain(`Report: ${join(own, "report.html")}`);
      expect(readdirSync(own)).toEqual(["report.html"]);
      const page = readFileSync(join(own, "report.html"), "utf8");
      expect(page).toMatch(/^<!doctype html>/i);
      expect(page).not.toMatch(/(src|href)\s*=\s*["']?(https?:)?\/\//i);
      expect(page).not.toMatch(/@import|url\(\s*["']?https?:/i);
    });
  },
);

describe("what is shown", () => {
  it("always includes the tokens that were fed, marks included", async () => {
    for (const argv of [invocations.trace, invocations.lens, invocations.attention]) {
      const { stdout } = await invoke([...argv, "--", "Mary and John"]);
      expect(stdout).toContain("Tokens fed (4): <bos> | Mary | and | John");
    }
  });

  it("is coloured when forced and never with NO_COLOR", async () => {
    const forced = await invoke(invocations.verify, { environment: { FORCE_COLOR: "1" } });
    const never = await invoke(invocations.verify, {
      environment: { FORCE_COLOR: "1", NO_COLOR: "1" },
    });
    expect(forced.stdout).toContain("\u001B[32m");
    expect(never.stdout).not.toContain("\u001B[");
  });

  it("changes with an intervention", async () => {
    const plain = await invoke(["trace", "--sites", "output", "--json"]);
    const changed = await invoke(["trace", "--sites", "output", "--json", "--intervene", "layers.0.mlp=scale(0)"]); // biome-ignore format: call
    expect(JSON.parse(changed.stdout).interventions).toEqual(["layers.0.mlp=scale(0)"]);
    expect(JSON.parse(changed.stdout).sites[0].mean).not.toBe(
      JSON.parse(plain.stdout).sites[0].mean,
    );
  });

  it("is the same generated text for the same seed, and other text when steered", async () => {
    const generate = async (...more: string[]) => {
      const { stdout } = await invoke(["generate", "--json", "--max-tokens", "8", ...more]);
      return JSON.parse(stdout).steps.map(({ token }: { token: number }) => token);
    };
    const sampled = ["--temperature", "1", "--seed", "7"];
    expect(await generate(...sampled)).toEqual(await generate(...sampled));
    const steered = await generate("--steer", "layers.3=the capital of - Mary * 8");
    expect(steered).not.toEqual(await generate());
  });

  it("is each of several texts, as it is alone", async () => {
    const prompts = ["Mary and John went to the", "the capital of France is"];
    const shared = ["generate", "--json", "--max-tokens", "3", "--ignore-end"];
    const alone = await Promise.all(prompts.map((prompt) => invoke([...shared, prompt])));
    const { stdout } = await invoke([...shared, prompts[0], "--also", prompts[1]]);
    const { texts } = JSON.parse(stdout);
    expect(texts.map(({ text }: { text: string }) => text)).toEqual(
      alone.map((one) => JSON.parse(one.stdout).text),
    );
    const shown = await invoke(["generate", prompts[0], "--also", prompts[1], "--max-tokens", "3"]);
    for (const { text } of texts) expect(shown.stdout).toContain(text);
  });

  it("tells what else was likely, where that is asked for", async () => {
    const asked = ["generate", "the capital of France is", "--max-tokens", "2"];
    const { stdout } = await invoke([...asked, "--alternatives", "2"]);
    expect(stdout).toContain("most likely");
    expect((await invoke(asked)).stdout).not.toContain("most likely");
    const data = await invoke([...asked, "--alternatives", "2", "--json"]);
    expect(JSON.parse(data.stdout).steps[0].alternatives).toHaveLength(2);
  });

  it("does not repeat itself under a penalty, and leaves out what is unlikely", async () => {
    const generate = async (...more: string[]) => {
      const { stdout } = await invoke(["generate", "--json", "--max-tokens", "12", ...more]);
      return JSON.parse(stdout).steps.map(({ token }: { token: number }) => token);
    };
    const tokens = await generate("--repetition-penalty", "1000", "--ignore-end");
    expect(new Set(tokens).size).toBe(tokens.length);
    const greedy = await generate();
    expect(await generate("--temperature", "1", "--min-p", "1")).toEqual(greedy);
  });
});

const sorter = sharedModel("sort-gpt2");

describe("models of other kinds", () => {
  const folderOf = (name: string) =>
    fileURLToPath(new URL(`../../../models/references/${name}`, import.meta.url));
  const on = (verb: string, name: string) =>
    invoke([verb, "--model", folderOf(name), "--tokens", "5,6,7", ...(verb === "generate" ? ["--max-tokens", "2"] : [])]); // biome-ignore format: one call

  it.each(["mamba/base", "bert/base"])("%s is opened as what it is", async (name) => {
    for (const verb of ["sites", "lens", "statistics"]) {
      expect(await on(verb, name), verb).toMatchObject({ code: 0 });
    }
  });

  it("are refused in one line by a verb that they are nothing for, and by all where they read no text", async () => {
    expect(await on("generate", "mamba/base")).toMatchObject({ code: 0 });
    for (const name of ["mamba/base", "bert/base"]) expect(await on("verify", name)).toMatchObject({ code: 0 }); // biome-ignore format: one line
    const refused: [string, string, RegExp][] = [
      ["features", "bert/base", /^mlxterp features: .* for the model tiny, .* Name a folder .*\n$/],
      ["generate", "bert/base", /^mlxterp generate: .* fills gaps .* lens shows .*\n$/],
      ["lens", "t5/written", /^mlxterp lens: .*EncoderDecoderModel, and commands open .*TypeScript.*\n$/],
      ["lens", "vit/image", /^mlxterp lens: .*of the kind .*, and commands open .*TypeScript.*\n$/],
    ]; // biome-ignore format: a table
    for (const [verb, name, message] of refused) {
      const { code, stderr } = await on(verb, name);
      expect([verb, name, code]).toEqual([verb, name, verb === "features" ? 2 : 1]);
      expect(stderr).toMatch(message);
    }
  });
});

describe.skipIf(!sorter.available)("a model without a tokenizer", () => {
  const model = ["--model", sorter.folder];
  const letters = "2,0,1,1,0,2";

  it.each([
    ["trace", "--tokens", letters],
    ["trace", letters],
    ["lens", "--tokens", `${letters},0,0,1,1,2`, "--answer", "2"],
    ["attention", "--tokens", letters],
    ["patch", "--clean", `${letters},0,0`, "--corrupted", "2,1,1,1,0,2,0,0", "--answer", "1", "--wrong-answer", "2"], // biome-ignore format: one invocation
    ["verify"],
    ["sites"],
  ])("takes token ids: %s", async (...argv) => {
    const { code, stderr } = await invoke([...argv, ...model]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("sorts its letters, past the token that its config calls the end", async () => {
    const { stdout } = await invoke(["generate", letters, "--ignore-end", "--json", ...model]);
    const { steps } = JSON.parse(stdout);
    expect(steps.map(({ token }: { token: number }) => token).slice(0, 5)).toEqual([0, 0, 1, 1, 2]);
  });

  it("refuses text in one line", async () => {
    const { code, stderr } = await invoke(["lens", "Once upon a time", ...model]);
    expect({ code, lines: stderr.trimEnd().split("\n").length }).toEqual({ code: 2, lines: 1 });
    expect(stderr).toContain("has no tokenizer");
  });
});
