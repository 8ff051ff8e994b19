/** A failed load of the addon is explained with the step that mends it. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { explainLoadFailure, mx } from "./binding.js";
import { BindingUnavailableError } from "./errors.js";

const missing = (library: string) =>
  `${library}: cannot open shared object file: No such file or directory`;

describe("a failed load", () => {
  it.each<[string, NodeJS.Platform, string, RegExp, RegExp]>([
    [
      "BLAS missing",
      "linux",
      missing("libblas.so.3"),
      /BLAS and LAPACK/,
      /apt-get install -y libopenblas0-pthread liblapack3/,
    ],
    ["LAPACK missing", "linux", missing("liblapack.so.3"), /BLAS and LAPACK/, /apt-get install/],
    [
      "OpenBLAS missing",
      "linux",
      missing("libopenblas.so.0"),
      /BLAS and LAPACK/,
      /apt-get install/,
    ],
    [
      "package missing",
      "linux",
      "Cannot find module '@frost-beta/mlx'\nRequire stack:\n- x",
      /not installed/,
      /npm install @frost-beta\/mlx@0.0.7/,
    ],
    [
      "package missing on a Mac",
      "darwin",
      "Cannot find module '@frost-beta/mlx'",
      /not installed/,
      /npm install/,
    ],
    [
      "Linux addon on a Mac",
      "darwin",
      "dlopen(/a/mlx.node, 0x0001): tried: '/a/mlx.node' (not a mach-o file)",
      /addon for macOS/,
      /npm rebuild @frost-beta\/mlx/,
    ],
    [
      "Linux addon on a Mac, other words",
      "darwin",
      "dlopen(/a/mlx.node): (slice is not valid mach-o file)",
      /addon for macOS/,
      /install script/,
    ],
    [
      "addon absent on a Mac",
      "darwin",
      "Cannot find module '../build/Release/mlx.node'",
      /addon for macOS/,
      /npm rebuild/,
    ],
    ["Windows", "win32", "Cannot find module '@frost-beta/mlx'", /no build for win32/, /WSL 2/],
    ["FreeBSD", "freebsd", "anything", /no build for freebsd/, /Linux x64 or macOS/],
    [
      "another reason",
      "linux",
      "version `GLIBC_2.38' not found\nmore",
      /^version `GLIBC_2.38' not found$/,
      /Reinstall/,
    ],
  ])("is explained: %s", (_name, platform, message, reason, mend) => {
    const explained = explainLoadFailure(message, platform);
    expect(explained[0]).toMatch(reason);
    expect(explained[1]).toMatch(mend);
    const error = new BindingUnavailableError(...explained);
    expect(error.message).toMatch(/^The MLX binding cannot be loaded: /);
    expect([error.code, error.reason, error.mend]).toEqual(["BINDING_UNAVAILABLE", ...explained]);
  });

  it("is that error, with the loader's own as its cause", async () => {
    const module = fileURLToPath(new URL("./binding.ts", import.meta.url));
    const program = `
      const { Module } = await import("node:module");
      const load = Module._load;
      Module._load = (name, ...rest) => {
        if (name === "@frost-beta/mlx") throw new Error(${JSON.stringify(missing("libblas.so.3"))});
        return load(name, ...rest);
      };
      await import(${JSON.stringify(module)}).catch(({ name, code, mend, cause }) => {
        process.stdout.write(JSON.stringify({ name, code, mend, cause: cause.message }));
      });`;
    const flags = [
      "--import",
      "tsx",
      "--conditions=@mlxterp/source",
      "--input-type=module",
      "-e",
      program,
    ];
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd });
    expect(JSON.parse(stdout)).toEqual({
      name: "BindingUnavailableError",
      code: "BINDING_UNAVAILABLE",
      mend: "Run: sudo apt-get install -y libopenblas0-pthread liblapack3",
      cause: missing("libblas.so.3"),
    });
  });
});

it("the binding is loaded once in a process", () => {
  const holder = globalThis as { [key: symbol]: { core: unknown } };
  expect(holder[Symbol.for("mlxterp.binding")].core).toBe(mx);
});
